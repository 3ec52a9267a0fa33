/** Summaries of cells: which trials count, and for what. */
import { expect, test } from 'vitest';
import { exact, moreThan } from '../../../harness/analysis/censored.ts';
import { metricSummary, summarizeCells } from '../../../harness/analysis/cells.ts';
import { metrics } from '../../../harness/analysis/metrics.ts';
import { measurementsSchema } from '../../../harness/record/schema.ts';
import { exampleRecord, measured, notConverged } from '../record/examples.ts';

test('the catalogue has every measurement once, in the record order', () => {
  expect(metrics.map((metric) => metric.key)).toEqual(Object.keys(measurementsSchema.shape));
  const columns = metrics.map((metric) => metric.column);
  expect(new Set(columns).size).toBe(columns.length);
  expect(columns.every((column) => /^[a-z0-9_]+$/.test(column))).toBe(true);
});

test('a cell of completed trials', () => {
  const records = [100, 104, 96, 500, 98, 102].map((totalTimeMs, i) =>
    measured(i + 1, { totalTimeMs, ...(i < 2 ? { pauseMs: 10 + i } : {}) }),
  );
  const [cell, ...others] = summarizeCells(records);
  expect(others).toEqual([]);
  expect(cell).toMatchObject({ n: 6, completed: { k: 6, n: 6, high: 1 } });
  expect(cell?.completed?.low).toBeCloseTo(0.6097, 4);
  expect(cell?.metrics.map((summary) => summary.metric.column)).toEqual([
    'total_time_ms',
    'pause_ms',
  ]);
  expect(cell?.metrics[0]).toEqual({
    metric: metrics[0],
    values: 6,
    median: exact(101),
    ciLow: exact(96),
    ciHigh: exact(500),
    min: exact(96),
    max: exact(500),
    mad: 3,
  });
  expect(cell?.metrics[1]).toEqual({
    metric: metrics.find((metric) => metric.key === 'pauseMs'),
    values: 2,
    median: exact(10.5),
    min: exact(10),
    max: exact(11),
    mad: 0.5,
  });
});

test('a not-converged trial is ranked worst in total time, and in nothing else', () => {
  const partial = { ...notConverged(3), measurements: { totalTimeMs: 20050, transferredBytes: 5 } };
  const records = [
    measured(1, { totalTimeMs: 900, transferredBytes: 1 }),
    measured(2, { totalTimeMs: 1100, transferredBytes: 3 }),
    partial,
  ];
  const cell = summarizeCells(records)[0];
  if (cell === undefined) throw new Error('no cell');
  expect(cell).toMatchObject({ n: 3, completed: { k: 2, n: 3 } });
  expect(metricSummary(cell, 'totalTimeMs')).toMatchObject({
    values: 3,
    median: exact(1100),
    min: exact(900),
    max: moreThan(20000),
  });
  expect(metricSummary(cell, 'totalTimeMs')?.mad).toBeUndefined();
  expect(metricSummary(cell, 'transferredBytes')).toMatchObject({ values: 2, median: exact(2) });
});

test('most trials not converged: the median is more than the deadline', () => {
  const cell = summarizeCells([
    measured(1, { totalTimeMs: 900 }),
    notConverged(2),
    notConverged(3),
  ])[0];
  expect(cell?.metrics[0]?.median).toEqual(moreThan(20000));
});

test('skipped and invalid trials are no results; failed ones count against completion', () => {
  const outcome = { detail: 'x' } as const;
  const cell = summarizeCells([
    measured(1, { totalTimeMs: 100 }),
    exampleRecord({
      trialId: 'b',
      outcome: { ...outcome, kind: 'skipped', reason: 'host-forbids' },
      measurements: { totalTimeMs: 1 },
    }),
    exampleRecord({
      trialId: 'c',
      outcome: { ...outcome, kind: 'invalid', reason: 'load-gate' },
      measurements: { totalTimeMs: 1 },
    }),
    exampleRecord({
      trialId: 'd',
      outcome: { ...outcome, kind: 'failed', reason: 'guest-dead' },
      measurements: { totalTimeMs: 1 },
    }),
  ])[0];
  expect(cell).toMatchObject({
    n: 2,
    completed: { k: 1, n: 2 },
    outcomes: { completed: 1, failed: 1, skipped: 1, invalid: 1, 'not-converged': 0 },
  });
  expect(cell?.metrics).toMatchObject([{ values: 1, median: exact(100) }]);
});

test('cells keep the order of their first records', () => {
  const cells = summarizeCells(['b', 'a', 'b'].map((cellId) => exampleRecord({ cellId })));
  expect(cells.map((cell) => [cell.cellId, cell.records.length])).toEqual([
    ['b', 2],
    ['a', 1],
  ]);
});
