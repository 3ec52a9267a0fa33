/** A disk too full for a trial's copy of its guest's: what cp says of it, and that the run ends with it. */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exitCodeOf, isDiskFull, MigbenchError } from '../../../harness/errors.ts';
import { copyDisk, withoutRoom } from '../../../harness/migration/copy-disk.ts';
import { runTrial, type TrialOptions } from '../../../harness/migration/trial.ts';
import { cellSpec } from '../../unit/migration/fixtures.ts';

const { signal } = new AbortController();
let folder: string;
let template: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'copy-disk-'));
  template = join(folder, 'template.raw');
  await writeFile(template, 'a disk');
});
afterEach(() => rm(folder, { recursive: true }));

/** What a promise was rejected with. */
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error as MigbenchError,
  );

test('a copy is the same', async () => {
  await copyDisk(template, join(folder, 'disk.raw'), signal);
  expect(await readFile(join(folder, 'disk.raw'), 'utf8')).toBe('a disk');
});

test('no room: a full disk, known as one', async () => {
  // Every write to /dev/full fails with ENOSPC.
  const full = join(folder, 'disk.raw');
  await symlink('/dev/full', full);
  const error = await errorOf(copyDisk(template, full, signal));
  expect(error.code).toBe('host-unfit');
  expect(error.message).toMatch(/^The disk is full: .*disk\.raw.* --resume\.$/u);
  expect(isDiskFull(error.cause)).toBe(true);
});

test('no room in the quota is the same; anything else, an interruption too, is what it was', async () => {
  const quota = new MigbenchError('host-unfit', "cp: error writing 'x': Disk quota exceeded");
  expect(isDiskFull((withoutRoom(quota, 'x') as Error).cause)).toBe(true);
  const stopped = new MigbenchError(
    'interrupted',
    "cp: error writing 'x': No space left on device",
  );
  expect(withoutRoom(stopped, 'x')).toBe(stopped);
  const missing = await errorOf(copyDisk(join(folder, 'none'), join(folder, 'disk.raw'), signal));
  expect(missing.code).toBe('host-unfit');
  expect(missing.message).toContain('No such file or directory');
  expect(isDiskFull(missing.cause)).toBe(false);
});

test('it is no failure of the trial: those after it would fare no better, so the run ends', async () => {
  await symlink('/dev/full', join(folder, 'disk.raw'));
  const options = {
    spec: cellSpec(),
    template: { diskPath: template },
    stage: { signal, sandbox: { scratch: folder } },
    folder,
    keepDisk: false,
  } as unknown as TrialOptions;
  const error = await errorOf(runTrial(options));
  expect(error.message).toMatch(/^The disk is full/u);
  expect(exitCodeOf(error)).toBe(3);
  // Nothing of the copy stays on a disk that is full; another failure is the trial's own.
  await expect(readFile(join(folder, 'disk.raw'))).rejects.toThrow('ENOENT');
  await rm(template);
  expect(await runTrial(options)).toMatchObject({
    outcome: { kind: 'failed', reason: 'setup-error' },
  });
});
