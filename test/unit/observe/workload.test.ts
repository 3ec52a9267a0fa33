/** What a migration cost the workload: literal progress, literal cost. */
import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../harness/guest/telemetry-samples.ts';
import { withPause } from '../../../harness/observe/known-progress.ts';
import { workloadCost } from '../../../harness/observe/workload.ts';

const sample = (arrivedMs: number, progress: number): Sample => ({
  arrivedMs,
  sequence: arrivedMs,
  guestMonotonicMs: arrivedMs,
  guestRealtimeMs: arrivedMs,
  state: 'running',
  progress,
  text: '',
});

const windows = {
  baselineFromMs: 0,
  baselineToMs: 1000,
  startedMs: 1000,
  resumedMs: 3000,
  endedMs: 4000,
};

it('a pause of half a second at 100 per second costs half a second', () => {
  const samples = [
    sample(0, 0),
    sample(1000, 100),
    sample(2500, 250),
    sample(3000, 250),
    sample(4000, 350),
  ];
  expect(workloadCost(samples, windows)).toEqual({
    workloadBaselinePerSecond: 100,
    workloadDuringPerSecond: 75,
    workloadMinimumPerSecond: 0,
    // The windows at both edges of the stop hold some of it: 150, 100 and 50 ms before it and after it.
    brownoutMs: 300,
    workloadLostSeconds: 0.5,
  });
});

/** Every 50 ms from 20 ms on at 100 per second, but in the pause: `progress` says how much of it is done. */
const aroundPause = (
  progress: (atMs: number) => number,
  silentMs: readonly [number, number] = [2010, 2510],
) =>
  Array.from({ length: 81 }, (_, index) => index * 50 + 20)
    .filter((atMs) => atMs <= silentMs[0] || atMs >= silentMs[1])
    .map((atMs) => sample(atMs, progress(atMs)));
const pause = {
  ...windows,
  baselineFromMs: 50,
  stopAtMs: 2010,
  resumeAtMs: 2510,
  resumedMs: 2510,
};

describe('a pause in which nothing is heard', () => {
  it('is no brownout, and its rate is zero', () => {
    const samples = aroundPause((atMs) => (atMs < 2010 ? atMs : atMs - 500) / 10);
    const cost = workloadCost(samples, pause);
    expect(cost.workloadMinimumPerSecond).toBe(0);
    // Only the windows at its edges: without the pause of the events all of it would be.
    expect(cost.brownoutMs).toBeGreaterThan(0);
    expect(cost.brownoutMs).toBeLessThanOrEqual(400);
    expect(cost.workloadDuringPerSecond).toBeCloseTo((100 * 1.01) / 1.51);
    expect(cost.workloadLostSeconds).toBeCloseTo(0.5);
  });

  it('does not lend work that was caught up after it to the time before it', () => {
    // The first sample after RESUME has all that the pause kept waiting.
    const cost = workloadCost(
      aroundPause((atMs) => atMs / 10),
      pause,
    );
    expect(cost.workloadDuringPerSecond).toBeCloseTo((100 * 1.01) / 1.51);
    expect(cost.workloadMinimumPerSecond).toBe(0);
    expect(cost.workloadLostSeconds).toBeCloseTo(0);
  });

  it('of post-copy is short, and the slow work after it stays after it', () => {
    // 20 ms of pause; then a guest that waits for pages for a second, and is heard only after it.
    const samples = aroundPause((atMs) => (atMs < 2010 ? atMs : atMs - 1010) / 10, [2010, 3030]);
    const cost = workloadCost(samples, { ...pause, resumeAtMs: 2030, resumedMs: 2030 });
    expect(cost.workloadDuringPerSecond).toBeCloseTo((100 * 1.01) / 1.03);
    // Of 9 units between the samples around the pause 4 were done in the 40 ms before it, and 5 in 1040 ms.
    expect(cost.workloadMinimumPerSecond).toBeCloseTo(5 / 1.04);
    expect(cost.workloadLostSeconds).toBeCloseTo(1.01);
  });

  it('holds no work where a sample of before it comes late, and half of it where no rate is known', () => {
    const late = [sample(0, 0), sample(1900, 190), sample(2100, 200), sample(2600, 210)];
    const between = (samples: readonly Sample[]) =>
      withPause(samples, 2010, 2510).map(({ arrivedMs, progress }) => [arrivedMs, progress]);
    expect(between(late)).toEqual([
      [0, 0],
      [1900, 190],
      [2010, 200],
      [2510, 200],
      [2600, 210],
    ]);
    expect(between([sample(1910, 50), sample(2610, 70)])[1]).toEqual([2010, 60]);
    expect(between([sample(1910, 50), sample(2500, 60)])).toHaveLength(2);
  });
});

describe('a guest that falls silent', () => {
  const steady = Array.from({ length: 81 }, (_, index) => sample(index * 50, index * 5));
  const heardUntil = (atMs: number) => steady.filter(({ arrivedMs }) => arrivedMs <= atMs);

  it('does nothing more until the end', () => {
    const cost = workloadCost(heardUntil(2500), windows);
    expect(cost.workloadDuringPerSecond).toBeCloseTo(75);
    expect(cost.workloadMinimumPerSecond).toBe(0);
    expect(cost.workloadLostSeconds).toBeCloseTo(1.5);
    expect(cost.brownoutMs).toBeLessThanOrEqual(200);
  });

  it('is not one whose last sample is only some samples old', () => {
    const cost = workloadCost(heardUntil(3500), windows);
    expect(cost.workloadMinimumPerSecond).toBeCloseTo(100);
    expect(cost.workloadLostSeconds).toBeCloseTo(0);
  });

  it('in the pause for good does nothing after STOP', () => {
    const cost = workloadCost(heardUntil(1980), { ...windows, stopAtMs: 2000, resumeAtMs: 3000 });
    expect(cost.workloadMinimumPerSecond).toBe(0);
    expect(cost.workloadLostSeconds).toBeCloseTo(2.05);
  });
});

it('a loss that is caught up is no loss, and more than that is negative', () => {
  const samples = [sample(0, 0), sample(1000, 100), sample(3000, 150), sample(4000, 450)];
  expect(workloadCost(samples, windows).workloadLostSeconds).toBeCloseTo(-0.5);
});

it('nothing is known where the samples end before the migration', () => {
  expect(workloadCost([sample(0, 0), sample(900, 90)], windows)).toEqual({
    workloadBaselinePerSecond: undefined,
    workloadDuringPerSecond: undefined,
    workloadMinimumPerSecond: undefined,
    brownoutMs: undefined,
    workloadLostSeconds: undefined,
  });
});

it('half the speed for a second is a brownout of a second, and half the speed is its depth', () => {
  const every50 = Array.from({ length: 81 }, (_, index) => {
    const atMs = index * 50;
    const slowMs = Math.min(Math.max(0, atMs - 2000), 1000);
    return sample(atMs, (atMs - slowMs / 2) / 10);
  });
  const cost = workloadCost(every50, windows);
  expect(cost.workloadMinimumPerSecond).toBeCloseTo(50);
  expect(cost.brownoutMs).toBeGreaterThanOrEqual(950);
  expect(cost.brownoutMs).toBeLessThanOrEqual(1200);
  expect(cost.workloadLostSeconds).toBeCloseTo(0.5);
});

it('a workload that is uneven by itself is in no brownout while it is as uneven as before', () => {
  const uneven = Array.from({ length: 81 }, (_, index) =>
    sample(index * 50, index * 5 + (index % 8 < 4 ? 0 : 4)),
  );
  expect(workloadCost(uneven, windows).brownoutMs).toBe(0);
});

it('a migration of hours has more rates than a function takes arguments', () => {
  const steps = 400_000;
  const samples = [sample(0, 0), sample(1000, 100), sample(1000 + steps * 50, 100 + steps * 5)];
  const endedMs = samples.at(-1)!.arrivedMs;
  // A baseline as long as that: it is slid over as well.
  const cost = workloadCost(samples, {
    ...windows,
    baselineToMs: endedMs,
    resumedMs: endedMs,
    endedMs,
  });
  expect(cost.workloadMinimumPerSecond).toBeCloseTo(100);
  expect(cost.brownoutMs).toBe(0);
});
