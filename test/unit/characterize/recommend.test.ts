/** Which way of moving a workload is recommended, and what is said of it. */
import { describe, expect, test } from 'vitest';
import { assumedCosts } from '../../../harness/characterize/conditions.ts';
import type { Workload } from '../../../harness/characterize/predict.ts';
import { recommend, requiredDowntimes } from '../../../harness/characterize/recommend.ts';

const GIB = 2 ** 30;

/** Dirties `rate` GiB/s for as long as one looks: up to 64 GiB. */
function workload(rate: number, more: Partial<Workload> = {}): Workload {
  return {
    dirtyCurve: [50, 100, 300, 1000, 4000].map((windowMs) => {
      const bytes = (rate * windowMs * GIB) / 1000;
      return { windowMs, uniqueDirtyBytes: { n: 9, median: bytes, low: bytes, high: bytes } };
    }),
    nonZeroBytes: 64 * GIB,
    memoryBytes: 64 * GIB,
    cpuBusyPercent: [100],
    ...more,
  };
}

describe('recommend', () => {
  test('plain pre-copy where one stream is enough, and says what carries', () => {
    const { mode, why, channels, plain, prediction } = recommend(workload(0.5), 25e9, assumedCosts);
    expect({ mode, channels }).toEqual({ mode: 'precopy', channels: undefined });
    // 1.2 GB/s over 0.5 GiB/s, not 25 Gbit/s over it.
    expect(why).toBe(
      'one stream carries 1.12 GiB/s of the 25 Gbit/s, 2.2 times what pre-copy needs',
    );
    expect(prediction).toBe(plain);
    expect(recommend(workload(0.01), 1e9, assumedCosts).why).toBe(
      '1 Gbit/s is 11 times what pre-copy needs',
    );
  });

  test('several streams where the link carries more than one of them', () => {
    const two = recommend(workload(1.1, { compressionRatio: 4 }), 25e9, assumedCosts);
    expect(two).toMatchObject({ mode: 'multifd', channels: 2 });
    expect(two.why).toMatch(/^dirties 1\.1 GiB\/s over 300 ms; 2 channels carry 2\.23 GiB\/s/u);
    expect(recommend(workload(2.5), 100e9, assumedCosts)).toMatchObject({
      mode: 'multifd',
      channels: 4,
    });
    // One stream fills this one.
    const narrow = recommend(workload(1.1, { cpuBusyPercent: [1] }), 9e9, assumedCosts);
    expect(narrow.mode).not.toBe('multifd');
  });

  test('compression where dirtied pages shrink, and says with how many channels', () => {
    const of = (dirtyCompressionRatio?: number) =>
      recommend(workload(0.15, { compressionRatio: 8, dirtyCompressionRatio }), 1e9, {
        ...assumedCosts,
        zlibBytesPerSecond: 4e8,
      });
    expect(of()).toMatchObject({ mode: 'multifd-zlib', channels: 4 });
    expect(of().why).toMatch(/^4 channels, pages shrink to 1\/8\.0: dirties/u);
    expect(of(7).why).toMatch(/^4 channels, dirtied pages shrink to 1\/7\.0: dirties/u);
    expect(of(110).why).toMatch(/^4 channels, dirtied pages shrink to 1\/110: dirties/u);
    expect(of(1.1).mode).not.toBe('multifd-zlib');
  });
});

test('the downtime that a card requires of a link is that of one stream, as is what it recommends', () => {
  const rows = requiredDowntimes(workload(1.3), assumedCosts);
  const [, , fast, fastest] = rows;
  // 25 Gbit/s carry 2.8 GiB/s, one stream 1.1.
  expect(fast!.ms).toBeGreaterThan(10_000);
  expect(fastest!.ms).toBe(fast!.ms);
  expect(fast).toMatchObject({ recommended: 'multifd', channels: 2 });
});
