/** Timelines: packed by the report, unpacked by the page's program, the same to three digits. */
import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { TimelineSample } from '../../../harness/record/schema.ts';
import { timelineDatasets } from '../../../reports/html/client/timeline-data.js';
import { compressed, packTimeline, stepsFor } from '../../../reports/timeline/pack.ts';

const link = { bandwidthBitsPerSecond: 1e9 };
const nothing = { link, measurements: {} };

function unpacked(samples: readonly TimelineSample[], steps = 600) {
  const packed = packTimeline(samples, nothing, steps);
  if (packed === undefined) throw new Error('nothing packed');
  const text = inflateRawSync(Buffer.from(compressed(packed), 'base64')).toString();
  return timelineDatasets(JSON.parse(text) as Parameters<typeof timelineDatasets>[0]);
}

describe('a timeline goes through the page and comes back', () => {
  test('values, phases and rules', () => {
    const data = unpacked([
      { atMs: -20, kind: 'progress', progress: 0, progressPerSecond: 5000 },
      { atMs: 0, kind: 'phase', phase: 'setup', values: { endMs: 4 } },
      { atMs: 4, kind: 'phase', phase: 'pass 1' },
      { atMs: 20, kind: 'migration', remainingBytes: 100 * 2 ** 20, rateBitsPerSecond: 9.41e8 },
      { atMs: 40, kind: 'migration', remainingBytes: 50.5 * 2 ** 20 },
      { atMs: 60, kind: 'phase', phase: 'switchover', values: { endMs: 90 } },
      { atMs: 100, kind: 'heartbeat', values: { gapMs: 31.25 } },
    ]);
    expect(data['remaining']).toEqual([
      { s: 0.02, series: 'remaining', value: 100 },
      { s: 0.04, series: 'remaining', value: 50.5 },
    ]);
    expect(data['rate']).toEqual([{ s: 0.02, series: 'QEMU says', value: 941 }]);
    expect(data['progress']).toEqual([{ s: -0.02, series: 'work', value: 5000 }]);
    expect(data['heartbeat']).toEqual([{ s: 0.1, series: 'longest gap', value: 31.25 }]);
    expect(data['phases']?.map(({ name, start, end, kind }) => [name, start, end, kind])).toEqual([
      ['setup', 0, 0.004, 'setup'],
      ['pass 1', 0.004, 0.06, 'pass'],
      ['switchover', 0.06, 0.09, 'switchover'],
    ]);
    expect(data['rules']).toEqual([{ panel: 'rate', name: "link's bandwidth", value: 1000 }]);
    expect(data['wire']).toBeUndefined();
  });

  test('bytes of an interval become a rate: 50 ms, 6.25 MB', () => {
    const data = unpacked([
      { atMs: 0, kind: 'wire', bytesToDestination: 1, bytesToSource: 0 },
      { atMs: 50, kind: 'wire', bytesToDestination: 6_250_000, bytesToSource: 62_500 },
    ]);
    expect(data['wire']).toEqual([
      { s: 0.05, series: 'to destination', value: 1000 },
      { s: 0.05, series: 'to source', value: 10 },
    ]);
  });

  test('of many samples in one step the longest gap stays', () => {
    const gaps = Array.from({ length: 10_000 }, (_, i): TimelineSample => ({
      atMs: i,
      kind: 'heartbeat',
      values: { gapMs: i === 7003 ? 412 : 1 },
    }));
    const data = unpacked(gaps, 100);
    expect(data['heartbeat']).toHaveLength(100);
    expect(Math.max(...(data['heartbeat'] ?? []).map(({ value }) => Number(value)))).toBe(412);
  });

  test('samples that were held up and arrive together are no burst of work', () => {
    const data = unpacked([
      { atMs: 0, kind: 'progress', progress: 0 },
      { atMs: 200, kind: 'progress', progress: 12, progressPerSecond: 60 },
      { atMs: 200.03, kind: 'progress', progress: 24, progressPerSecond: 400_000 },
    ]);
    const [row] = data['progress'] ?? [];
    expect(data['progress']).toHaveLength(1);
    // 24 in 200.03 ms.
    expect(row?.['value']).toBeCloseTo(120, 0);
  });

  test('the threads that share a name are summed at each moment, not over a step', () => {
    const values = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`t${i}`, i < 3 ? 5 : 90]),
    );
    const moments = [0, 2, 4, 6, 8].map((atMs): TimelineSample => ({ atMs, kind: 'cpu', values }));
    const others = unpacked(moments)['cpu']?.filter(({ series }) => series === 'other threads');
    expect(others?.map(({ value }) => value)).toEqual([15]);
  });

  test('the rule is the bandwidth that holds: the link, or a lower cap', () => {
    const samples = [
      { atMs: 0, kind: 'migration', rateBitsPerSecond: 1e8 },
      { atMs: 50, kind: 'migration', rateBitsPerSecond: 2e8 },
    ] as const;
    const rules = (cap: number | string) => {
      const side = { capabilities: {}, parameters: { 'max-bandwidth': cap } };
      const effective = { source: side, destination: side };
      return packTimeline(samples, { link, measurements: {}, effective }, 600)?.rules.filter(
        ({ panel }) => panel === 'rate',
      );
    };
    expect(rules('unlimited')).toEqual([{ panel: 'rate', name: "link's bandwidth", value: 1000 }]);
    expect(rules(2 ** 27)).toEqual([{ panel: 'rate', name: "link's bandwidth", value: 1000 }]);
    expect(rules(2 ** 20)).toEqual([{ panel: 'rate', name: 'max-bandwidth', value: 8.388608 }]);
  });

  test('the busiest threads have names, the others share one', () => {
    const values = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`source/worker ${i}`, 10 * (i + 1)]),
    );
    const data = unpacked([{ atMs: 0, kind: 'cpu', values }]);
    expect(data['cpu']?.map(({ series, value }) => [series, value])).toEqual([
      ['source/worker 8', 90],
      ['source/worker 7', 80],
      ['source/worker 6', 70],
      ['source/worker 5', 60],
      ['source/worker 4', 50],
      ['other threads', 100],
    ]);
  });
});

test('no samples, no timeline', () => {
  expect(packTimeline([], nothing, 600)).toBeUndefined();
  expect(packTimeline([{ atMs: 0, kind: 'phase', phase: 'setup' }], nothing, 600)).toBeUndefined();
});

test('more trials, coarser steps', () => {
  expect([1, 48, 400, 2000, 20_000].map(stepsFor)).toEqual([600, 600, 600, 120, 60]);
});
