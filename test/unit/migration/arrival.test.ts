/** How long a guest may take to arrive: against a destination of words that resumes after a given time. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { awaitArrival } from '../../../harness/migration/arrival.ts';
import { awaitFile } from '../../../harness/migration/saved-file.ts';
import type { MigrationSide } from '../../../harness/migration/failure.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arrival-'));
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => rm(folder, { recursive: true }));

/** Wait for a guest of 4 GiB whose destination resumes after so many seconds. */
async function arrive(seconds: number, file?: string) {
  const told: string[] = [];
  const qmp = {
    execute: (name: string) => {
      told.push(name);
      return Promise.resolve({ status: 'completed' });
    },
    waitForEvent: (_: unknown, { timeoutMs }: { timeoutMs: number }) =>
      timeoutMs < 1000 * seconds
        ? Promise.reject(new MigbenchError('qmp-timeout', 'no RESUME'))
        : Promise.resolve({}),
  };
  const saved = await awaitArrival({
    destination: { label: 'destination', qmp } as unknown as MigrationSide,
    route: {
      ...{ source: 'out', destination: 'in' },
      ...(file === undefined ? {} : { file }),
    },
    guest: { memoryBytes: 4 * 2 ** 30 },
    since: 0,
    signal: new AbortController().signal,
  });
  return { saved, told };
}

test('from a file all memory is still to be read: a large guest is given the time', async () => {
  const file = join(folder, 'guest');
  await writeFile(file, 'state');
  const fromMs = performance.now();
  const { saved, told } = await arrive(120, file);
  expect(told).toEqual(['migrate-incoming', 'query-migrate']);
  expect(saved?.bytes).toBe(5);
  expect(saved?.incomingAtMs).toBeGreaterThanOrEqual(fromMs);
  expect(saved?.incomingAtMs).toBeLessThanOrEqual(performance.now());
  await expect(arrive(600, file)).rejects.toThrow('no RESUME');
});

test('a slow file system is given time to finish the file of a large guest', async () => {
  const file = join(folder, 'late');
  // Whoever looks at the clock moves it on; the file is there after 100 s.
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    nowMs += 10_000;
    if (nowMs === 100_000) writeFileSync(file, 'state');
    return nowMs;
  });
  const guest = (memoryBytes: number) =>
    awaitFile(file, { memoryBytes }, new AbortController().signal);
  await expect(guest(256 * 2 ** 20)).rejects.toThrow(/was not written within 38 s/u);
  expect((await guest(4 * 2 ** 30)).bytes).toBe(5);
});

test('over a link all has arrived by then: one that has not resumed in half a minute is stuck', async () => {
  expect(await arrive(20)).toEqual({ saved: undefined, told: ['query-migrate'] });
  await expect(arrive(120)).rejects.toThrow('no RESUME');
});
