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
    workloadLostSeconds: undefined,
  });
});
