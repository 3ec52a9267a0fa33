/** Means, medians and percentiles of plain numbers. */
import { expect, test } from 'vitest';
import { meanOf, medianOf, percentileOf } from '../../../harness/analysis/numbers.ts';

test.each([
  [[], 0, 0],
  [[5], 5, 5],
  [[9, 1, 2], 4, 2],
  [[8, 1, 2, 1], 3, 1.5],
])('%j: mean %d, median %d', (values, mean, median) => {
  expect(meanOf(values)).toBe(mean);
  expect(medianOf(values)).toBe(median);
});

test('percentiles lie between values in proportion', () => {
  expect([0, 0.25, 0.9, 1].map((fraction) => percentileOf([10, 20, 30], fraction))).toEqual([
    10, 15, 28, 30,
  ]);
  expect(percentileOf([], 0.9)).toBe(0);
});
