/** Figures for readers. */
import { expect, test } from 'vitest';
import type { CellSummary } from '../../../harness/analysis/cells.ts';
import { metricOf } from '../../../harness/analysis/metrics.ts';
import { blackoutAboveFloor, formatCellMedian } from '../../../reports/format.ts';

function cellWith(blackoutMs: number, floorMs?: number): CellSummary {
  const summary = (key: 'blackoutMs' | 'blackoutFloorMs', value: number) => ({
    metric: metricOf(key),
    median: { value, censored: false },
  });
  return {
    metrics: [
      summary('blackoutMs', blackoutMs),
      ...(floorMs === undefined ? [] : [summary('blackoutFloorMs', floorMs)]),
    ],
  } as unknown as CellSummary;
}

test('a blackout within the noise floor is only known to be no longer', () => {
  expect(formatCellMedian(cellWith(11, 12), 'blackoutMs')).toBe('≤ 12 ms');
  expect(formatCellMedian(cellWith(12, 12), 'blackoutMs')).toBe('≤ 12 ms');
  expect(formatCellMedian(cellWith(13, 12), 'blackoutMs')).toBe('13 ms');
  expect(formatCellMedian(cellWith(11), 'blackoutMs')).toBe('11 ms');
  expect(formatCellMedian(cellWith(11, 12), 'blackoutFloorMs')).toBe('12 ms');
  expect(formatCellMedian(cellWith(11, 12), 'pauseMs')).toBe('–');
  expect(
    [cellWith(11, 12), cellWith(12, 12), cellWith(13, 12), cellWith(11)].map(blackoutAboveFloor),
  ).toEqual([undefined, undefined, 13, 11]);
});
