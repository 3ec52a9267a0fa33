/** Charts compile without a warning and draw the same every time. */
import { describe, expect, test } from 'vitest';
import { reportCharts } from '../../../reports/charts/index.ts';
import { renderSvg } from '../../../reports/charts/render-svg.ts';
import { buildModel } from '../../../reports/model.ts';
import { notConverged } from '../record/examples.ts';
import { readEveryOutcome, runOf } from './fixture.ts';
import { readRun } from '../../../harness/record/reader.ts';

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
