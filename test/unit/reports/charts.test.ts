/** Charts compile without a warning and draw the same every time. */
import { describe, expect, test } from 'vitest';
import { noiseChart } from '../../../reports/charts/noise.ts';
import { figureAxis, ticksBetween } from '../../../reports/charts/figure-axis.ts';
import { reportCharts } from '../../../reports/charts/index.ts';
import { renderSvg } from '../../../reports/charts/render-svg.ts';
import { buildModel } from '../../../reports/model.ts';
import { exampleRecord, notConverged } from '../record/examples.ts';
import { readEveryOutcome, runOf } from './fixture.ts';
import { summarizeCells } from '../../../harness/analysis/cells.ts';
import { readRun } from '../../../harness/record/reader.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';

describe('cell charts', () => {
  test('of a run with every outcome', { timeout: 30_000 }, async () => {
    const model = buildModel(await readEveryOutcome());
    const charts = reportCharts(model, 600);
    expect(charts.map(({ name }) => name)).toEqual([
      'convergence-map',
      'total-time',
      'downtime',
      'transferred-bytes',
      'memory-multiple',
      'workload-lost',
      'cpu',
      'noise',
    ]);
    for (const { name, spec } of charts) {
      const svg = await renderSvg(spec);
      expect(svg).toMatch(/^<svg /);
      if (name !== 'noise') expect(svg).toContain('auto-converge');
      expect(svg).not.toContain('<script');
      expect(await renderSvg(spec)).toBe(svg);
    }
  });

  test('of a run in which nothing converged: points, and no median', async () => {
    const model = buildModel(await readRun(await runOf([notConverged(1), notConverged(2)])));
    const charts = reportCharts(model, 600);
    expect(charts.map(({ name }) => name)).toContain('total-time');
    for (const { spec } of charts) expect(await renderSvg(spec)).toMatch(/^<svg /);
  });

  test('of a run without figures there are none', async () => {
    expect(reportCharts(buildModel(await readRun(await runOf([]))), 600)).toEqual([]);
  });

  test('a wrong encoding is an error, not a warning', async () => {
    const [chart] = reportCharts(buildModel(await readEveryOutcome()), 600);
    const spec = structuredClone(chart?.spec);
    if (spec === undefined) throw new Error('no chart');
    await expect(
      renderSvg({ ...spec, autosize: 'fit', height: { step: 10 } }),
    ).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('the axis of figures', () => {
  test('is linear where the figures are alike', () => {
    expect(figureAxis([1, 30]).scale).toEqual({ zero: true, nice: true });
  });

  test('of more figures than a call may have arguments', () => {
    const many = Array.from({ length: 400_000 }, (_, i) => 1 + (i % 30));
    expect(figureAxis(many).scale).toEqual({ zero: true, nice: true });
    expect(figureAxis([...many, 0, 5000]).scale).toMatchObject({ type: 'symlog', constant: 1 });
  });

  test('of figures far apart has ticks of every order, each readable', async () => {
    expect(ticksBetween(0.01, 25)).toEqual([0, 0.01, 0.1, 1, 10]);
    expect(ticksBetween(1, 600)).toEqual([0, 1, 2, 5, 10, 20, 50, 100, 200, 500]);
    const records = [8, 700, 29_000].map((totalTimeMs, i) =>
      exampleRecord({
        cellId: `c${i}`,
        trialId: `t${i}`,
        labels: { ...exampleRecord().labels, setting: `s${i}` },
        measurements: { totalTimeMs },
      }),
    );
    const charts = reportCharts(buildModel(await readRun(await runOf(records))), 600);
    const svg = await renderSvg(charts.find(({ name }) => name === 'total-time')!.spec);
    for (const label of ['0.001', '0.01', '0.1', '1', '10'])
      expect(svg).toContain(`>${label}</text>`);
  });
});

test('a row without a figure says why', async () => {
  const model = buildModel(await readEveryOutcome());
  const downtime = reportCharts(model, 600).find(({ name }) => name === 'downtime')!;
  const svg = await renderSvg(downtime.spec);
  expect(svg).toContain('>skipped</text>');
  expect(svg).toContain('>failed</text>');
});

test('one cell per workload: no heading over each row', async () => {
  const records = ['idle', 'database'].map((workload, i) =>
    exampleRecord({
      cellId: `c${i}`,
      trialId: `t${i}`,
      labels: { ...exampleRecord().labels, workload },
      measurements: { totalTimeMs: 900 + i },
    }),
  );
  const charts = reportCharts(buildModel(await readRun(await runOf(records))), 600);
  const rows = (name: string) =>
    charts
      .find((chart) => chart.name === name)
      ?.layout?.rows.map(({ key }) => key.slice(key.indexOf('|') + 1));
  expect(rows('total-time')).toEqual(['idle · precopy', 'database · precopy']);
  expect(rows('convergence-map')).toEqual(['idle', 'database']);
});

describe('the tables behind charts', () => {
  const MIB = 2 ** 20;
  const trial = (i: number, overrides: Partial<TrialRecord>, setting = 'precopy') =>
    exampleRecord({
      ...{ cellId: setting, trialId: `${setting} ${i}` },
      labels: { ...exampleRecord().labels, setting },
      ...overrides,
    });
  const chartsOf = async (records: readonly TrialRecord[]) => {
    const charts = reportCharts(buildModel(await readRun(await runOf(records))), 600);
    return (name: string) => charts.find((chart) => chart.name === name)!;
  };
  const blackout = (totalTimeMs: number, blackoutMs: number, blackoutFloorMs: number) => ({
    measurements: { totalTimeMs, blackoutMs, blackoutFloorMs },
  });

  test('columns that are called ms and bytes hold them, whatever the axis has', async () => {
    const chart = await chartsOf(
      [1, 2, 3].map((i) =>
        trial(i, {
          measurements: { totalTimeMs: 1000 + i, transferredBytes: 192 * MIB, pauseMs: 40 },
        }),
      ),
    );
    const { columns, rows } = chart('total-time').table;
    expect(columns.slice(1, 3)).toEqual(['total_time_ms_median', 'total_time_ms_ci_low']);
    expect(rows[0]?.values).toEqual(['precopy', 1002, undefined, undefined, 3]);
    expect(rows[0]?.texts).toEqual(['idle · precopy', '1.00 s', 'n too small', '3']);
    expect(chart('transferred-bytes').table.columns[1]).toBe('transferred_bytes_median');
    expect(chart('transferred-bytes').table.rows[0]?.values[1]).toBe(192 * MIB);
    expect(chart('memory-multiple').table.columns[1]).toBe('transferred_bytes_of_memory_median');
    expect(chart('memory-multiple').table.rows[0]?.values[1]).toBe(0.5);
    expect(chart('downtime').table.rows[0]?.values[1]).toBe(40);
  });

  test('a blackout within its floor is written as such, and stands at the floor in the trade-off', async () => {
    const chart = await chartsOf([
      trial(1, blackout(1000, 8, 12)),
      trial(2, blackout(2000.125, 3, 12), 'postcopy'),
      trial(3, blackout(3000, 30, 12), 'multifd'),
    ]);
    expect(chart('downtime').table.rows.map(({ texts }) => texts[1])).toEqual([
      ...['≤ 12 ms', '≤ 12 ms', '30 ms'],
    ]);
    const { lead, table, spec } = chart('trade-off');
    expect(lead).toContain('A blackout within the noise floor stands at the floor');
    // Of two of which nothing is known but that, the quicker one is unbeaten alone.
    expect(table.rows.map(({ texts }) => texts.slice(2))).toEqual([
      ...[
        ['≤ 12 ms', 'yes'],
        ['≤ 12 ms', 'no'],
        ['30 ms', 'no'],
      ],
    ]);
    expect(table.rows.map(({ values }) => values[1])).toEqual([1000, 2000.125, 3000]);
    expect(table.rows.map(({ values }) => values[2])).toEqual([8, 3, 30]);
    expect(spec.datasets?.['places']).toMatchObject([{ still: 12 }, { still: 12 }, { still: 30 }]);
    const svg = await renderSvg(spec);
    expect(svg).toMatch(/^<svg /);
  });

  test('an interval that is open at one end is drawn up to the deadline', async () => {
    const chart = await chartsOf(
      Array.from({ length: 10 }, (_, i) =>
        trial(
          i,
          i < 2
            ? { outcome: { kind: 'not-converged', detail: '' } }
            : { measurements: { totalTimeMs: 3900 + i } },
        ),
      ),
    );
    const { spec, table } = chart('total-time');
    expect(table.rows[0]?.texts.slice(1)).toEqual(['3.91 s', '3.90 s – > 20 s', '10']);
    expect(table.rows[0]?.values.slice(1)).toEqual([3906.5, 3903, undefined, 10]);
    expect(spec.datasets?.['intervals']).toMatchObject([{ low: 3.903, high: 20 }]);
    expect(await renderSvg(spec)).toMatch(/^<svg /);
  });
});

test('noise: of more trials than a call may have arguments', () => {
  const record = exampleRecord({
    outcome: { kind: 'skipped', reason: 'host-forbids', detail: '' },
  });
  const records = [
    ...[1000, 1010].map((totalTimeMs, i) =>
      exampleRecord({ trialId: `${i}`, measurements: { totalTimeMs } }),
    ),
    ...Array.from({ length: 200_000 }, () => record),
  ];
  const [cell] = summarizeCells(records);
  expect(noiseChart([{ ...cell!, label: 'cell' }], 600)?.spec.datasets?.['points']).toHaveLength(2);
});
