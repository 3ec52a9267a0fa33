/** The reader: what it accepts, and where it points when it does not. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRun, readTimeline } from '../../../harness/record/reader.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from './examples.ts';
import { temporaryFolder } from './temporary.ts';

async function runWith(trials: string, environment: unknown = exampleEnvironment()) {
  const directory = await temporaryFolder();
  await writeFile(join(directory, 'environment.json'), JSON.stringify(environment));
  await writeFile(join(directory, 'plan.resolved.json'), JSON.stringify(examplePlan));
  await writeFile(join(directory, 'trials.jsonl'), trials);
  return directory;
}

const line = (trialId: string) => `${JSON.stringify(exampleRecord({ trialId }))}\n`;

describe('readRun', () => {
  test('reads a run without records', async () => {
    const run = await readRun(await runWith(''));
    expect(run).toMatchObject({ records: [], warnings: [], plan: { name: 'example' } });
  });

  test('reports a torn last line', async () => {
    const run = await readRun(await runWith(`${line('a')}{"schema`));
    expect(run.records.map((record) => record.trialId)).toEqual(['a']);
    expect(run.warnings).toEqual([
      'trials.jsonl:2: the last line is incomplete and was ignored: the run was interrupted while writing it. ' +
        'Continue the run with --resume to repeat that trial.',
    ]);
  });

  test('names file and line of what it cannot read', async () => {
    await expect(readRun(await runWith(`${line('a')}nonsense\n${line('b')}`))).rejects.toThrow(
      /trials\.jsonl:2: not JSON, and not the last line either/,
    );
    const wrong = `${JSON.stringify({ ...exampleRecord(), block: 'first' })}\n`;
    await expect(readRun(await runWith(line('a') + wrong))).rejects.toThrow(
      /trials\.jsonl:2: not as expected: block: /,
    );
  });

  test('asks for a newer migbench where the format is newer', async () => {
    const newer = `${JSON.stringify({ ...exampleRecord(), schemaVersion: 2, outcome: 'new' })}\n`;
    await expect(readRun(await runWith(newer))).rejects.toThrow(
      /trials\.jsonl:1: written with format version 2, and this migbench reads up to 1\. Update migbench\./,
    );
    const environment = { ...exampleEnvironment(), schemaVersion: 2 };
    await expect(readRun(await runWith('', environment))).rejects.toThrow(
      /environment\.json: written with format version 2/,
    );
  });

  test('helps with folders that are no run directory', async () => {
    const directory = await temporaryFolder();
    await expect(readRun(directory)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining(
        'is not a run directory: it has no environment.json and no plan.resolved.json.',
      ) as string,
    });
    await expect(readRun(join(directory, 'nothing'))).rejects.toThrow(/does not exist/);
    await mkdir(join(directory, 'report'));
    await expect(readRun(join(directory, 'report'))).rejects.toThrow(/give the folder above it/);
    await writeFile(join(directory, 'file'), '');
    await expect(readRun(join(directory, 'file'))).rejects.toThrow(/is a file/);
  });

  test(
    'reads 20,000 records without a line of them twice in memory',
    { timeout: 60_000 },
    async () => {
      const trials = Array.from({ length: 20_000 }, (_, i) => line(`t${i}`)).join('');
      const directory = await runWith(trials);
      const run = await readRun(directory);
      expect(run.records).toHaveLength(20_000);
      expect(run.records.at(-1)?.trialId).toBe('t19999');
    },
  );
});

describe('readTimeline', () => {
  const samples = [
    { atMs: 0, kind: 'phase', phase: 'setup' },
    { atMs: 100, kind: 'migration', remainingBytes: 1000 },
  ];
  const text = samples.map((sample) => `${JSON.stringify(sample)}\n`).join('');

  test('reads the file that the record names, and none that an earlier attempt left', async () => {
    const directory = await runWith('');
    await mkdir(join(directory, 'trials', 'a'), { recursive: true });
    await writeFile(join(directory, 'trials', 'a', 'timeline.jsonl'), `${text}{"atMs":2`);
    await writeFile(join(directory, 'other.jsonl'), text);
    const own = { timeline: 'trials/a/timeline.jsonl' };
    const a = exampleRecord({ trialId: 'a', artifacts: own });
    expect(await readTimeline(directory, a)).toEqual(samples);
    expect(await readTimeline(directory, { ...a, artifacts: {} })).toEqual([]);
    const named = exampleRecord({ trialId: 'b', artifacts: { timeline: 'other.jsonl' } });
    expect(await readTimeline(directory, named)).toEqual(samples);
    const gone = { timeline: 'trials/c/timeline.jsonl' };
    expect(await readTimeline(directory, exampleRecord({ artifacts: gone }))).toEqual([]);
  });

  test('does not read files outside the run directory', async () => {
    const directory = await runWith('');
    for (const timeline of ['../x.jsonl', '/etc/passwd', '..']) {
      await expect(
        readTimeline(directory, exampleRecord({ artifacts: { timeline } })),
      ).rejects.toThrow(/outside the run directory/);
    }
  });

  test('names file and line of a bad sample', async () => {
    const directory = await runWith('');
    await writeFile(join(directory, 'bad.jsonl'), `${text}{"atMs":"soon","kind":"wire"}\n`);
    await expect(
      readTimeline(directory, exampleRecord({ artifacts: { timeline: 'bad.jsonl' } })),
    ).rejects.toThrow(/bad\.jsonl:3: not as expected: atMs: /);
  });
});
