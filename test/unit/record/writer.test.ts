/** The writer on real folders: what is refused, what survives, and what resuming finds. */
import { appendFile, mkdir, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { finishedTrials } from '../../../harness/record/resume.ts';
import { readRun } from '../../../harness/record/reader.ts';
import { RunWriter } from '../../../harness/record/writer.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from './examples.ts';
import { temporaryFolder } from './temporary.ts';

const newRun = {
  planText: 'name: example\n',
  plan: examplePlan,
  environment: exampleEnvironment(),
};

async function begunRun(trialIds: readonly string[]): Promise<string> {
  const directory = join(await temporaryFolder(), 'run');
  await using writer = await RunWriter.create(directory, newRun);
  for (const trialId of trialIds) await writer.append(exampleRecord({ trialId }));
  return directory;
}

describe('create', () => {
  test('writes the plan, the environment and one line per trial, and leaves nothing else', async () => {
    const directory = await begunRun(['a', 'b']);
    expect((await readdir(directory)).toSorted()).toEqual([
      'environment.json',
      'plan.resolved.json',
      'plan.yaml',
      'trials.jsonl',
    ]);
    expect(await readFile(join(directory, 'plan.yaml'), 'utf8')).toBe('name: example\n');
    const lines = (await readFile(join(directory, 'trials.jsonl'), 'utf8')).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe('');
    expect((await readRun(directory)).records.map((record) => record.trialId)).toEqual(['a', 'b']);
  });

  test('a record is on the disk when append returns', async () => {
    const directory = await temporaryFolder();
    await using writer = await RunWriter.create(directory, newRun);
    await writer.append(exampleRecord({ trialId: 'a' }));
    expect((await readRun(directory)).records).toHaveLength(1);
  });

  test('refuses a folder that holds a run, naming both ways on', async () => {
    const directory = await begunRun(['a']);
    await expect(RunWriter.create(directory, newRun)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringMatching(/already holds a run.*--resume .*--out/) as string,
    });
    expect((await readRun(directory)).records).toHaveLength(1);
  });

  test.each(['planText', 'plan', 'environment'] as const)(
    'a beginning that ended before its %s was written is no run, and can be begun anew',
    async (field) => {
      const directory = await temporaryFolder();
      const ended = Object.defineProperty({ ...newRun }, field, {
        get: () => {
          throw new Error('killed');
        },
      });
      await expect(RunWriter.create(directory, ended)).rejects.toThrow('killed');
      await expect(RunWriter.resume(directory, examplePlan)).rejects.toMatchObject({
        message: expect.stringContaining('has no environment.json') as string,
      });
      await using writer = await RunWriter.create(directory, newRun);
      await writer.append(exampleRecord({ trialId: 'a' }));
      expect((await readRun(directory)).records).toHaveLength(1);
    },
  );

  test('one that ended before there was a file for its records is a run', async () => {
    const directory = await begunRun([]);
    await rm(join(directory, 'trials.jsonl'));
    await expect(RunWriter.create(directory, newRun)).rejects.toMatchObject({
      message: expect.stringContaining('already holds a run') as string,
    });
    const { writer, state } = await RunWriter.resume(directory, examplePlan);
    await using _ = writer;
    expect(state.outcomes.size).toBe(0);
  });

  test('accepts a folder with other things in it', async () => {
    const directory = await temporaryFolder();
    await writeFile(join(directory, 'run.log'), 'hello');
    await using writer = await RunWriter.create(directory, newRun);
    expect(writer.directory).toBe(directory);
  });

  test('refuses a file', async () => {
    const path = join(await temporaryFolder(), 'file');
    await writeFile(path, '');
    await expect(RunWriter.create(path, newRun)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining('a file of that name is in the way') as string,
    });
    await expect(RunWriter.create(join(path, 'run'), newRun)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining('a file of that name is in the way') as string,
    });
  });

  test('says that an unwritable folder is one', async () => {
    // procfs refuses new folders to everyone, root included.
    await expect(RunWriter.create('/proc/migbench-run', newRun)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining('/proc/migbench-run') as string,
    });
  });

  test('says that the disk is full, and that the records are safe', async () => {
    const directory = await temporaryFolder();
    await mkdir(directory, { recursive: true });
    // Every write to /dev/full fails with ENOSPC.
    const { symlink } = await import('node:fs/promises');
    await symlink('/dev/full', join(directory, 'full'));
    const { storageError } = await import('../../../harness/record/durable.ts');
    const error: unknown = await appendFile(join(directory, 'full'), 'x').catch(
      (thrown: unknown) => thrown,
    );
    expect(storageError(error, 'record trial a')).toMatchObject({
      code: 'host-unfit',
      message:
        'Could not record trial a: no space is left on the disk. What was recorded before is safe: ' +
        'free some space and continue with --resume.',
    });
    const quota = Object.assign(new Error('EDQUOT'), { code: 'EDQUOT' });
    expect(storageError(quota, 'record trial a').code).toBe('host-unfit');
  });

  test('does not write a record that no reader would accept', async () => {
    const directory = await temporaryFolder();
    await using writer = await RunWriter.create(directory, newRun);
    const record = exampleRecord({ measurements: { downtimeMs: Number.NaN } });
    await expect(writer.append(record)).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('measurements.downtimeMs') as string,
    });
    expect(await readFile(join(directory, 'trials.jsonl'), 'utf8')).toBe('');
  });

  test('the environment can be replaced later', async () => {
    const directory = await temporaryFolder();
    await using writer = await RunWriter.create(directory, newRun);
    await writer.updateEnvironment({ ...writer.environment, notes: ['late'] });
    expect((await readRun(directory)).environment.notes).toEqual(['late']);
    expect((await readdir(directory)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  test('trial folders stay inside the run directory', async () => {
    const directory = await temporaryFolder();
    await using writer = await RunWriter.create(directory, newRun);
    const folder = await writer.trialFolder('000-001-ab');
    expect(folder).toBe(join(directory, 'trials', '000-001-ab'));
    await writeFile(join(folder, 'timeline.jsonl'), '');
    await writer.removeTrialFolder('000-001-ab');
    await writer.removeTrialFolder('000-001-ab');
    expect(await readdir(join(directory, 'trials'))).toEqual([]);
    for (const trialId of ['../x', '..', '.', '', 'a/b']) {
      await expect(writer.trialFolder(trialId)).rejects.toMatchObject({ code: 'internal' });
      await expect(writer.removeTrialFolder(trialId)).rejects.toMatchObject({ code: 'internal' });
    }
  });
});

describe('resume', () => {
  test('finds the trials that have records', async () => {
    const directory = await begunRun(['a', 'b']);
    const { writer, state } = await RunWriter.resume(directory, examplePlan);
    await using _ = writer;
    expect([...state.outcomes]).toEqual([
      ['a', 'completed'],
      ['b', 'completed'],
    ]);
    expect(state.warnings).toEqual([]);
    await writer.append(exampleRecord({ trialId: 'c' }));
    expect((await readRun(directory)).records).toHaveLength(3);
  });

  test('a retried trial is not finished, and its later record replaces the earlier', async () => {
    const directory = await begunRun(['a', 'b', 'c']);
    {
      const { writer } = await RunWriter.resume(directory, examplePlan);
      await using _ = writer;
      const outcome = { kind: 'failed', reason: 'guest-dead', detail: '' } as const;
      await writer.append(exampleRecord({ trialId: 'a', outcome }));
    }
    const { writer, state } = await RunWriter.resume(directory, examplePlan);
    await using _ = writer;
    expect([...finishedTrials(state.outcomes)]).toEqual(['a', 'b', 'c']);
    expect([...finishedTrials(state.outcomes, ['failed', 'invalid'])]).toEqual(['b', 'c']);
    await writer.append(exampleRecord({ trialId: 'a', repetition: 9 }));
    const { records } = await readRun(directory);
    expect(records.map((record) => record.trialId)).toEqual(['a', 'b', 'c']);
    expect(records[0]).toMatchObject({ outcome: { kind: 'completed' }, repetition: 9 });
  });

  test.each([
    ['cut in the middle', '{"schemaVersion":1,"runId":"x'],
    ['cut before the newline', JSON.stringify(exampleRecord({ trialId: 'torn' }))],
    ['filled with zeros by the file system', '\0\0\0\0\n'],
  ])('sets aside a last line %s', async (_name, bytes) => {
    const directory = await begunRun(['a']);
    const path = join(directory, 'trials.jsonl');
    const whole = await readFile(path, 'utf8');
    await appendFile(path, bytes);
    await writeFile(join(directory, 'trials.jsonl.torn-1'), 'of an earlier crash');
    const { writer, state } = await RunWriter.resume(directory, examplePlan);
    await using _ = writer;
    expect([...state.outcomes.keys()]).toEqual(['a']);
    expect(state.warnings).toEqual([
      'trials.jsonl:2 was incomplete (the run was interrupted while writing it); ' +
        'it was moved to trials.jsonl.torn-2, and its trial will be repeated.',
    ]);
    expect(await readFile(path, 'utf8')).toBe(whole);
    expect(await readFile(join(directory, 'trials.jsonl.torn-2'), 'utf8')).toBe(bytes);
    await writer.append(exampleRecord({ trialId: 'b' }));
    expect((await readRun(directory)).records).toHaveLength(2);
  });

  test('a record cut off anywhere loses only itself', async () => {
    const directory = await begunRun(['a', 'b']);
    const path = join(directory, 'trials.jsonl');
    const bytes = await readFile(path);
    const first = bytes.indexOf('\n') + 1;
    for (const length of [first + 1, first + 100, bytes.length - 1]) {
      await writeFile(path, bytes);
      await truncate(path, length);
      const { writer, state } = await RunWriter.resume(directory, examplePlan);
      await writer[Symbol.asyncDispose]();
      expect([...state.outcomes.keys()]).toEqual(['a']);
    }
  });

  test('refuses a plan that changed, and says in what', async () => {
    const directory = await begunRun(['a']);
    const changed = { ...examplePlan, repetitions: 3 };
    await expect(RunWriter.resume(directory, changed)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringMatching(
        /repetitions: 2 → 3\n.*migbench run --resume \S+ \(or/u,
      ) as string,
    });
  });

  test('the plan of another clone is the same plan: its name and the place of a workload do not count', async () => {
    const plan = (name: string, place: string, digest: string) => ({
      ...{ schemaVersion: 1, name, repetitions: 2 },
      cells: [{ id: 'a', spec: { workload: { id: 'own', path: place, digest, parameters: {} } } }],
    });
    const directory = await temporaryFolder();
    const { writer } = {
      writer: await RunWriter.create(directory, { ...newRun, plan: plan('a', '/clone/own', '1') }),
    };
    await writer[Symbol.asyncDispose]();
    const again = await RunWriter.resume(directory, plan('b', '/other/own', '1'));
    await again.writer[Symbol.asyncDispose]();
    await expect(RunWriter.resume(directory, plan('a', '/clone/own', '2'))).rejects.toMatchObject({
      message: expect.stringContaining('digest: "1" → "2"') as string,
    });
  });

  test('refuses a folder without a run', async () => {
    await expect(RunWriter.resume(await temporaryFolder(), examplePlan)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining('Nothing to resume') as string,
    });
    await expect(RunWriter.resume('/nonexistent/run', examplePlan)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining('Nothing to resume') as string,
    });
  });
});
