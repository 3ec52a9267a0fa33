/** Charts compile without a warning and draw the same every time. */
import { describe, expect, test } from 'vitest';
import { reportCharts } from '../../../reports/charts/index.ts';
import { renderSvg } from '../../../reports/charts/render-svg.ts';
import { timelineChart, timelineData } from '../../../reports/charts/timeline.ts';
import { buildModel } from '../../../reports/model.ts';
import type { TimelineSample } from '../../../harness/record/schema.ts';
import { readEveryOutcome } from './fixture.ts';

describe('cell charts', () => {
  test('of a run with every outcome', { timeout: 30_000 }, async () => {
    const model = buildModel(await readEveryOutcome());
    const charts = reportCharts(model.cells, 600);
    expect(charts.map(({ name }) => name)).toEqual([
      'total-time',
      'downtime-and-pause',
      'transferred-bytes',
    ]);
    for (const { spec } of charts) {
      const svg = await renderSvg(spec);
      expect(svg).toMatch(/^<svg /);
      expect(svg).toContain('memory-stress · precopy · 200Mbit/s');
      expect(svg).not.toContain('<script');
      expect(await renderSvg(spec)).toBe(svg);
    }
  });

  test('of a run without figures there are none', () => {
    expect(reportCharts([], 600)).toEqual([]);
  });

  test('a wrong encoding is an error, not a warning', async () => {
    const [chart] = reportCharts(buildModel(await readEveryOutcome()).cells, 600);
    const spec = structuredClone(chart?.spec);
    if (spec === undefined) throw new Error('no chart');
    await expect(
      renderSvg({ ...spec, autosize: 'fit', height: { step: 10 } }),
    ).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('timeline', () => {
  const samples: readonly TimelineSample[] = [
    { atMs: 0, kind: 'phase', phase: 'setup' },
    { atMs: 5, kind: 'phase', phase: 'pass 1' },
    ...Array.from({ length: 2001 }, (_, i) => ({
      atMs: i * 10,
      kind: 'migration' as const,
      remainingBytes: (2000 - i) * 2 ** 20,
      ...(i === 2000 ? {} : { rateBitsPerSecond: 1e9, pass: 1 }),
    })),
    { atMs: 20001, kind: 'progress', progress: 1 },
  ];

  test('keeps the ends, thins the middle, leaves unknown figures out', () => {
    const data = timelineData(samples);
    expect(data.points.length).toBeLessThanOrEqual(501);
    expect(data.points[0]).toEqual({ s: 0, remaining: 2000, rate: 1000, pass: 1 });
    expect(data.points.at(-1)).toEqual({ s: 20, remaining: 0 });
    expect(data.phases).toEqual([{ s: 0, phase: 'setup', row: 0 }]);
  });

  test('draws', async () => {
    expect(await renderSvg(timelineChart(500, timelineData(samples)))).toMatch(/^<svg /);
  });
});
