/** What a migration cost the workload: literal progress, literal cost. */
import { expect, it } from 'vitest';
import type { Sample } from '../../../harness/guest/telemetry-samples.ts';
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
