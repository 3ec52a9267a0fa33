/** The reader of guest memory on a file that a program of this test writes to: nothing is known better than what it wrote. */
import { mkdtempSync, openSync, closeSync, ftruncateSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RamReader } from '../../../harness/characterize/measure/ram-reader.ts';
import { scheduleOf } from '../../../harness/characterize/measure/schedule.ts';
import { phasesOf } from '../../../harness/characterize/phases.ts';
import { hostCProgram } from '../../../harness/debian/host-program.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { createLoopbackSandbox } from '../../../harness/sandbox/loopback.ts';

const PAGE = 4096;
const PAGES = 16_384;
const SET = 8_192;
const STEP_MS = 5;
let folder = '';
let program = '';
let file = '';
let handle = -1;
beforeAll(async () => {
  program = await hostCProgram(
    join(packageRoot, 'harness', 'characterize', 'measure', 'ram-reader.c'),
  );
  folder = mkdtempSync('/dev/shm/migbench-reader-');
  file = join(folder, 'memory');
  handle = openSync(file, 'w+');
  // The second half is a hole.
  ftruncateSync(handle, PAGES * PAGE);
  for (let page = 0; page < SET; page += 1)
    writeSync(handle, Buffer.alloc(PAGE, 1), 0, PAGE, page * PAGE);
});
afterAll(() => {
  closeSync(handle);
  rmSync(folder, { recursive: true });
});

/** Write to random pages of the set at a rate (pages per second at a time in ms) until told to stop. */
function startWriter(rate: (ms: number) => number): () => void {
  const startedMs = performance.now();
  let lastMs = startedMs;
  let due = 0;
  let written = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    due += (rate(nowMs - startedMs) * (nowMs - lastMs)) / 1000;
    lastMs = nowMs;
    for (; due >= 1; due -= 1) {
      written += 1;
      const page = Math.floor(Math.random() * SET);
      writeSync(handle, Buffer.from(String(written).padStart(12, '0')), 0, 12, page * PAGE + 64);
    }
  }, STEP_MS);
  return () => clearInterval(timer);
}

interface Found {
  readonly atMs: number;
  readonly bytes: number;
  readonly tookMs: number;
}

/** Read while the writer writes; what windows of 200 ms and of 1 s found. */
async function observe(rate: (ms: number) => number, durationMs: number) {
  await using reader = await RamReader.start(
    createLoopbackSandbox(folder),
    program,
    file,
    PAGES * PAGE,
  );
  const { tookMs: scanMs, zeroPages } = await reader.scan();
  const schedule = scheduleOf({ windowsMs: [200, 1000], scanMs, durationMs });
  const stop = startWriter(rate);
  const snapshots = await reader.read(schedule.offsetsMs, () => undefined).finally(stop);
  const windows: Found[][] = [];
  for (const { pairs } of schedule.windows) {
    const found: Found[] = [];
    for (const [from, to] of pairs) {
      const { changedPages, windowMs: tookMs } = await reader.compare(from, to);
      found.push({ atMs: snapshots[from]!.atMs, bytes: changedPages * PAGE, tookMs });
    }
    windows.push(found);
  }
  const [short = [], long = []] = windows;
  return { zeroPages, short, long, snapshots, tails: await reader.tails() };
}

describe('the reader of guest memory', () => {
  test('finds the pages that were written, and no others', async () => {
    const perSecond = 2_000;
    const { zeroPages, short, long, tails, snapshots } = await observe(() => perSecond, 8_000);
    expect(zeroPages).toBe(PAGES - SET);
    expect(snapshots[0]!.nonZeroPages).toBe(SET);
    // Holes were not given memory by being read.
    expect(snapshots.at(-1)!.heldPages).toBeLessThan(SET + 64);
    // The last 1, 2, 4, … 32 MiB are the hole.
    expect(tails).toEqual([0, 0, 0, 0, 0, 0, SET]);
    const known = (ms: number) => SET * (1 - (1 - 1 / SET) ** ((perSecond * ms) / 1000));
    for (const windows of [short, long]) {
      const ratios = windows.map(({ bytes, tookMs }) => bytes / PAGE / known(tookMs));
      const median = ratios.toSorted((one, other) => one - other)[ratios.length >> 1]!;
      expect(median).toBeGreaterThan(0.93);
      expect(median).toBeLessThan(1.07);
    }
  });

  test('sees phases', async () => {
    const { long } = await observe((ms) => (Math.floor(ms / 4000) % 2 === 0 ? 300 : 4_000), 24_000);
    expect(phasesOf(long)).toMatchObject({ kind: 'phases' });
  });

  test('sees a slow drift', async () => {
    const { long } = await observe((ms) => 500 + ms / 8, 24_000);
    expect(phasesOf(long)).toMatchObject({ kind: 'drift' });
  });
});
