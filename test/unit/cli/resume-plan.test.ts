/** What a run is resumed with. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadForResume } from '../../../harness/cli/resume-plan.ts';
import { folderDigest } from '../../../harness/plan/folder-digest.ts';
import type { ResolvedPlan } from '../../../harness/plan/types.ts';
import { load, SMALL } from '../plan/fixtures.ts';
import { exampleEnvironment } from '../record/examples.ts';
import { temporaryFolder } from '../record/temporary.ts';

let folder: string;
let runDirectory: string;
let plan: ResolvedPlan;
beforeEach(async () => {
  folder = await temporaryFolder();
  // As for a plan that lies beside its workload.
  runDirectory = join(folder, 'own/runs/one');
  await mkdir(join(folder, 'own'));
  await mkdir(join(folder, 'keys'));
  await writeFile(join(folder, 'own/workload.js'), 'export const workload = {};');
  await writeFile(join(folder, 'keys/ca-cert.pem'), 'CA');
  ({ plan } = await load(SMALL));
});

async function begin(resolved: ResolvedPlan, environment = exampleEnvironment()): Promise<void> {
  await mkdir(runDirectory, { recursive: true });
  await writeFile(join(runDirectory, 'environment.json'), JSON.stringify(environment));
  await writeFile(join(runDirectory, 'plan.yaml'), SMALL);
  await writeFile(join(runDirectory, 'plan.resolved.json'), JSON.stringify(resolved));
}

describe('without a plan', () => {
  beforeEach(async () => {
    const [own, keys] = [join(folder, 'own'), join(folder, 'keys')];
    const workload = { id: 'own', path: own, digest: await folderDigest(own), parameters: {} };
    const tls = { credentials: 'x509', directory: keys, digest: await folderDigest(keys) } as const;
    const cells = plan.cells.map((cell) => ({ ...cell, spec: { ...cell.spec, workload, tls } }));
    await begin({ ...plan, cells });
  });

  test('goes on with what the run began with, whatever the run itself has written', async () => {
    const { plan: found } = await loadForResume(runDirectory, undefined, []);
    expect(found).toEqual(
      JSON.parse(await readFile(join(runDirectory, 'plan.resolved.json'), 'utf8')),
    );
  });

  test.each([['own/workload.js'], ['keys/ca-cert.pem']])('refuses an edited %s', async (file) => {
    await writeFile(join(folder, file), 'edited');
    await expect(loadForResume(runDirectory, undefined, [])).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining(
        `${join(folder, file, '..')} holds other files than then. Put it back`,
      ) as string,
    });
  });

  test('refuses what a beginning left that was killed', async () => {
    await rm(join(runDirectory, 'environment.json'));
    await expect(loadForResume(runDirectory, undefined, [])).rejects.toMatchObject({
      code: 'record',
      message:
        `Nothing to resume in ${runDirectory}: it has no environment.json. ` +
        'Name a run directory, or start a new run without --resume.',
    });
  });

  test('refuses a workload that is gone', async () => {
    const text = await readFile(join(runDirectory, 'plan.resolved.json'), 'utf8');
    const moved = text.replaceAll(join(folder, 'own'), join(folder, 'gone'));
    await writeFile(join(runDirectory, 'plan.resolved.json'), moved);
    await expect(loadForResume(runDirectory, undefined, [])).rejects.toMatchObject({
      code: 'record',
      message: expect.stringContaining(`${join(folder, 'gone')} is not there`) as string,
    });
  });
});

describe('with a plan', () => {
  const text = `${SMALL}repetitions: 3\nthresholds: [pause_ms.median<1s]\n`;
  const begunAs = async (flags: Partial<ResolvedPlan>, aa: boolean) => {
    const file = join(folder, 'plan.yaml');
    await writeFile(file, text);
    await begin({ ...(await load(text)).plan, ...flags }, exampleEnvironment(aa ? { aa } : {}));
    return (await loadForResume(runDirectory, file, [])).plan;
  };

  test('the thresholds of the command line at the begin are in it', async () => {
    const thresholds = ['pause_ms.median<1s', 'outcome==completed'];
    expect(await begunAs({ thresholds, repetitions: 6 }, false)).toMatchObject({
      thresholds,
      repetitions: 3,
    });
  });

  test('so are the repetitions of --aa', async () => {
    expect(await begunAs({ repetitions: 6 }, true)).toMatchObject({ repetitions: 6 });
  });

  test('what was edited since is not', async () => {
    const thresholds = ['pause_ms.median<2s', 'outcome==completed'];
    expect(await begunAs({ thresholds, repetitions: 8 }, true)).toMatchObject({
      thresholds: ['pause_ms.median<1s'],
      repetitions: 3,
    });
  });

  test('a directory without a run is left to be refused', async () => {
    const file = join(folder, 'plan.yaml');
    await writeFile(file, text);
    const { plan: found } = await loadForResume(join(folder, 'absent'), file, []);
    expect(found.repetitions).toBe(3);
  });
});
