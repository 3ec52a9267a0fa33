/** Samples, progress and phases on one axis. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Sample } from '../../../harness/guest/telemetry-samples.ts';
import { timelineOf, writeTimeline } from '../../../harness/observe/timeline.ts';
import { timelineSampleSchema } from '../../../harness/record/schema.ts';
import { observation } from '../migration/fixtures.ts';

const progress = (arrivedMs: number, done: number): Sample => ({
  ...{ arrivedMs, progress: done, sequence: 1, guestMonotonicMs: 0, guestRealtimeMs: 0 },
  ...{ state: 'running', text: '' },
});

const seen = observation({
  startedAtMs: 10_000,
  endedAtMs: 11_500,
  samples: [
    { atMs: 0.123456, status: 'setup' },
    {
      ...{ atMs: 50, status: 'active', remainingBytes: 9, transferredBytes: 0, passes: 1 },
      ...{ rateBitsPerSecond: 8e6, dirtyPagesPerSecond: 3, throttlePercent: 20 },
    },
  ],
  events: [
    { side: 'source', name: 'MIGRATION', status: 'active', atMs: 10 },
    { side: 'source', name: 'MIGRATION_PASS', pass: 1, atMs: 10 },
    { side: 'source', name: 'STOP', atMs: 1400 },
    { side: 'destination', name: 'RESUME', atMs: 1500 },
  ],
});

test('times are ms since migrate, in order; the end of the baseline has negative ones', () => {
  const timeline = timelineOf(seen, [
    progress(8999, 0),
    progress(9000, 100),
    progress(9500, 150),
    progress(12_500, 450),
  ]);
  expect(timeline).toEqual([
    { atMs: -1000, kind: 'progress', progress: 100, progressPerSecond: 100_000 },
    { atMs: -500, kind: 'progress', progress: 150, progressPerSecond: 100 },
    { atMs: 0, kind: 'phase', phase: 'setup', values: { endMs: 10 } },
    { atMs: 0.123, kind: 'migration', status: 'setup' },
    { atMs: 10, kind: 'phase', phase: 'pass 1', values: { endMs: 1400 } },
    {
      ...{ atMs: 50, kind: 'migration', status: 'active', remainingBytes: 9, transferredBytes: 0 },
      ...{ rateBitsPerSecond: 8e6, dirtyPagesPerSecond: 3, throttlePercent: 20, pass: 1 },
    },
    { atMs: 1400, kind: 'phase', phase: 'switchover', values: { endMs: 1500 } },
    // The aftermath ends with the last that was seen.
    { atMs: 1500, kind: 'phase', phase: 'aftermath', values: { endMs: 2500 } },
    { atMs: 2500, kind: 'progress', progress: 450, progressPerSecond: 100 },
  ]);
  for (const sample of timeline) expect(timelineSampleSchema.parse(sample)).toEqual(sample);
});

test('without progress, and with progress of long ago only', () => {
  expect(timelineOf(seen, []).every(({ kind }) => kind !== 'progress')).toBe(true);
  expect(timelineOf(seen, [progress(5, 1)]).every(({ kind }) => kind !== 'progress')).toBe(true);
});

test('the first sample of all has no rate', () => {
  expect(timelineOf(observation(), [progress(1000, 5)])).toContainEqual({
    ...{ atMs: 0, kind: 'progress', progress: 5 },
  });
});

test('is written as lines of JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'timeline-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'timeline.jsonl');
  await writeTimeline(path, timelineOf(observation(), []));
  expect(await readFile(path, 'utf8')).toBe('{"atMs":0,"kind":"phase","phase":"setup"}\n');
});
