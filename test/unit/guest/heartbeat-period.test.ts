/** The shortest period that costs less than 5 %. */
import { expect, it } from 'vitest';
import { choosePeriod } from '../../../harness/guest/heartbeat-period.ts';

it.each([
  [-1, 1_000, 0],
  [4.9, 1_000, 4.9],
  [5, 2_000, 2.5],
  [12, 5_000, 2.4],
  [30, 10_000, 3],
  [500, 20_000, 25],
])('%d %% at 1 ms: %d µs for %d %%', (costAt1ms, periodUs, costPercent) => {
  expect(choosePeriod(costAt1ms)).toEqual({ periodUs, costPercent });
});
