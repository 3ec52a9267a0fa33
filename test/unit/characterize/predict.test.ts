/** Predictions: what they say where the answer can be worked out by hand, and what never may happen. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assumedCosts,
  settingNames,
  type Conditions,
} from '../../../harness/characterize/conditions.ts';
import { predict, type Workload } from '../../../harness/characterize/predict.ts';
import { LINK_PAYLOAD, PAGE_OVERHEAD } from '../../../harness/characterize/wire.ts';

const MIB = 1024 * 1024;
const costs = {
  ...assumedCosts,
  deviceMs: { low: 0, expected: 0, high: 0 },
  setupMs: 0,
  zeroPagesPerSecond: 1e12,
  socketBytes: 0,
};

/** Dirties `rate` MiB/s up to a working set, and nothing else. */
function workload(rate: number, workingSetMib: number, more: Partial<Workload> = {}): Workload {
  const windows = [50, 100, 300, 1000, 4000, 15_000, 60_000];
  return {
    dirtyCurve: windows.map((windowMs) => {
      const bytes = Math.min(workingSetMib, (rate * windowMs) / 1000) * MIB;
      return { windowMs, uniqueDirtyBytes: { n: 9, median: bytes, low: bytes, high: bytes } };
    }),
    nonZeroBytes: 128 * MIB,
    memoryBytes: 128 * MIB,
    cpuBusyPercent: [100],
    ...more,
  };
}

/** A link that carries this much memory. */
const carries = (mibPerSecond: number): number =>
  (mibPerSecond * MIB * 8 * PAGE_OVERHEAD) / LINK_PAYLOAD;
const conditions = (mibPerSecond: number, more: Partial<Conditions> = {}): Conditions => ({
  setting: 'precopy',
  bandwidthBitsPerSecond: carries(mibPerSecond),
  downtimeLimitMs: 300,
  ...more,
});

describe('predict', () => {
  test('of a guest that writes nothing: its memory once, at the rate of the link', () => {
    const prediction = predict(workload(0, 0), conditions(64), costs);
    expect(prediction).toMatchObject({ convergence: 'yes', extrapolated: [] });
    expect(prediction.totalTimeMs?.expected).toBeCloseTo(2000, 6);
    expect(prediction.bytes?.expected).toBeCloseTo(128 * MIB * PAGE_OVERHEAD, 3);
    // The last pass ends half an iteration (25 ms) after what is left, without its headers, fits into the limit.
    expect(prediction.downtimeMs?.expected).toBeCloseTo(300 * PAGE_OVERHEAD - 25, 3);
  });

  test('says that it will not end, at what downtime it hovers, and why', () => {
    const prediction = predict(workload(100, 30), conditions(40), costs);
    expect(prediction.convergence).toBe('no');
    expect(prediction.totalTimeMs).toBeUndefined();
    // 30 MiB at 40 MiB/s.
    expect(prediction.requiredDowntimeMs).toBeCloseTo(750, 0);
    expect(prediction.margin).toBeCloseTo(0.4, 3);
    expect(prediction.reason).toMatch(
      /^dirties 100 MiB\/s over 300 ms; \d+ Mbit\/s carries 40 MiB\/s; it would hover at a downtime of 750 ms$/u,
    );
  });

  test('calls it a coin flip near the margin only', () => {
    const call = (carried: number) =>
      predict(workload(40, 64), conditions(carried), costs).convergence;
    expect(call(80)).toBe('yes');
    expect(call(20)).toBe('no');
    const border = [22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44, 46].map(call);
    expect(border).toContain('coin flip');
    // In one piece: no, coin flip, yes.
    const order = border.map((word) => ['no', 'coin flip', 'yes'].indexOf(word));
    expect(order).toEqual([...order].sort((one, other) => one - other));
  });

  test('sends more where more is dirtied, and less with compression', () => {
    const bytes = (rate: number, more: Partial<Conditions> = {}) =>
      predict(workload(rate, 64, { compressionRatio: 3 }), conditions(60, more), costs).bytes!
        .expected;
    expect(bytes(20)).toBeGreaterThan(bytes(5));
    expect(bytes(20, { setting: 'multifd-zlib' })).toBeLessThan(bytes(20) / 2.5);
  });

  test('takes dirtied pages for as compressible as they are, not as memory as a whole is', () => {
    const zlib = (dirtyCompressionRatio?: number) =>
      predict(
        workload(100, 30, { compressionRatio: 4, dirtyCompressionRatio }),
        conditions(40, { setting: 'multifd-zlib' }),
        costs,
      );
    // Over 300 ms 30 MiB are dirtied; 40 MiB/s carry a quarter of that, but not all of it.
    expect(zlib()).toMatchObject({ convergence: 'yes' });
    expect(zlib(1)).toMatchObject({ convergence: 'no' });
    expect(zlib(4)).toEqual(zlib());
    // The first pass, 128 MiB, shrinks all the same.
    const calm = predict(
      workload(0, 0, { compressionRatio: 4, dirtyCompressionRatio: 1 }),
      conditions(40, { setting: 'multifd-zlib' }),
      costs,
    );
    expect(calm.bytes!.expected).toBeLessThan((128 / 3) * MIB);
  });

  test('of compressed memory has a margin and a required downtime of what goes over the wire', () => {
    const of = (setting: Conditions['setting']) =>
      predict(
        workload(100, 9999, {
          compressionRatio: 4,
          nonZeroBytes: 8192 * MIB,
          memoryBytes: 8192 * MIB,
        }),
        conditions(20, { setting }),
        costs,
      );
    // 100 MiB/s all the time: a quarter of it is needed with pages a quarter as large. It hovers at all of memory.
    expect(of('precopy').margin).toBeCloseTo(0.2, 3);
    expect(of('multifd-zlib').margin).toBeCloseTo(0.8, 3);
    expect(of('precopy').requiredDowntimeMs).toBeCloseTo(409_600, -3);
    expect(of('multifd-zlib').requiredDowntimeMs).toBeCloseTo(102_400, -3);
  });

  test('of compressed pages says what QEMU takes them for', () => {
    const prediction = predict(
      workload(1000, 20, { compressionRatio: 4 }),
      conditions(40, { setting: 'multifd-zlib' }),
      costs,
    );
    // 5 MiB on the wire for 20 of memory.
    expect(prediction.requiredDowntimeMs).toBeCloseTo(125, 0);
    expect(prediction.convergence).toBe('no');
    expect(prediction.reason).toContain(
      'hover at a downtime of 125 ms, which QEMU takes for 500 ms, since it does not reckon with what pages shrink to',
    );
  });

  test('of post-copy always ends: the memory once, what was dirtied meanwhile, and no downtime to speak of', () => {
    const prediction = predict(workload(100, 30), conditions(40, { setting: 'postcopy' }), costs);
    expect(prediction.convergence).toBe('yes');
    expect(prediction.downtimeMs?.expected).toBe(0);
    expect(prediction.brownoutMs?.expected).toBeGreaterThan(500);
    expect(prediction.bytes!.expected / MIB / PAGE_OVERHEAD).toBeLessThan(128 + 30 + 1);
  });

  test('of post-copy that begins where pre-copy hovers, or far into it, ends as well', () => {
    // 30 MiB are left after every pass.
    const of = (leaveAfter: NonNullable<Conditions['leaveAfter']>) => {
      const one = conditions(40, { setting: 'postcopy', leaveAfter });
      const prediction = predict(workload(100, 30), one, costs);
      expect(prediction.convergence).toBe('yes');
      return prediction;
    };
    for (const passes of [3, 4, 5, 60]) {
      // One reading of the bitmap before the first pass, and one after the guest is stopped.
      expect(of({ passes }).passes?.expected).toBe(passes + 2);
    }
    for (const timeMs of [12_000, 120_000, 7_200_000, 100_000_000]) {
      // At most that, and what is not sent yet of the pass that was broken off.
      const rest = of({ timeMs }).totalTimeMs!.expected - timeMs;
      expect(rest).toBeGreaterThan(500);
      expect(rest).toBeLessThan(1500);
    }
    const perPassMs = (passes: number) => of({ passes }).totalTimeMs!.expected / passes;
    expect(perPassMs(5_000) / perPassMs(1_900)).toBeCloseTo(1, 2);
  });

  test('says which downtime limit a migration needs that a cap holds back', () => {
    const capped = (mibPerSecond: number, more: Partial<Conditions> = {}) =>
      predict(
        workload(100, 30),
        conditions(4000, {
          maxBandwidthBytesPerSecond: mibPerSecond * MIB * PAGE_OVERHEAD,
          ...more,
        }),
        costs,
      );
    const slow = capped(4);
    expect(slow).toMatchObject({ convergence: 'no', isCapped: true });
    // 30 MiB at 4 MiB/s. The last transfer, over the link, takes far less.
    expect(slow.reason).toMatch(
      /; the stream under the cap carries 4 MiB\/s; under the cap it needs a downtime limit of 7\.5 s$/u,
    );
    expect(capped(4, { downtimeLimitMs: 9_000 }).downtimeMs!.expected).toBeLessThan(100);
    // The processors, at 1.2 GB/s, are slower than this one.
    const idle = capped(3_000);
    expect(idle.isCapped).toBe(false);
    expect(idle.reason).toContain('; the stream carries 1.12 GiB/s');
  });

  test('of a large guest over a slow link takes longer than a day, and ends', () => {
    const large = { nonZeroBytes: 1024 * 1024 * MIB, memoryBytes: 1024 * 1024 * MIB };
    const prediction = predict(workload(0.001, 0.05, large), conditions(12), costs);
    expect(prediction.convergence).toBe('yes');
    expect(prediction.totalTimeMs!.expected / 3_600_000).toBeCloseTo(24.3, 1);
    expect(prediction.totalTimeMs!.high).toBeDefined();
  });

  test('of auto-converge depends on how busy the guest is', () => {
    const call = (busy: number) =>
      predict(
        workload(60, 64, { cpuBusyPercent: [busy] }),
        conditions(30, { setting: 'auto-converge', downtimeLimitMs: 100 }),
        costs,
      );
    expect(call(100).convergence).toBe('yes');
    expect(call(100).throttlePercent!.expected).toBeGreaterThan(30);
    expect(call(30).throttlePercent!.expected).toBeGreaterThan(call(100).throttlePercent!.expected);
  });

  test('of xbzrle sends less from the third pass on', () => {
    const one = workload(30, 40, { deltaBytesPerDirtyPage: 200 });
    const plain = predict(one, conditions(40), costs);
    const encoded = predict(one, conditions(40, { setting: 'xbzrle' }), costs);
    expect(encoded.bytes!.expected).toBeLessThan(plain.bytes!.expected);
  });

  test('says where it extrapolates', () => {
    const short = predict(workload(1, 1), conditions(40, { downtimeLimitMs: 30 }), costs);
    expect(short.extrapolated.join(' ')).toContain('shortest window measured (50 ms)');
    const long = predict(workload(0.1, 64), conditions(1), costs);
    expect(long.extrapolated.join(' ')).toContain('A pass may take 132 s');
  });

  test('takes both ends of what may be into its intervals where a pass is longer than all windows', () => {
    const memory = { nonZeroBytes: 4096 * MIB, memoryBytes: 4096 * MIB };
    const range = (windows: number) => {
      const whole = workload(1, 4096, memory);
      const { bytes, convergence } = predict(
        { ...whole, dirtyCurve: whole.dirtyCurve.slice(0, windows) },
        conditions(8),
        costs,
      );
      expect(convergence).toBe('yes');
      return { low: bytes!.low / MIB, high: bytes!.high! / MIB };
    };
    // A first pass of 512 s: with windows up to 4 s what it dirties is 4 MiB or 512.
    const { low, high } = range(5);
    expect(low).toBeLessThan(4096 + 40);
    expect(high).toBeGreaterThan(4096 + 450);
    // Windows up to a minute say more.
    expect(range(7).low).toBeGreaterThan(4096 + 55);
  });

  test('never gives a figure below zero, or an interval without its middle', () => {
    const any = fc.record({
      rate: fc.integer({ min: 0, max: 500 }),
      set: fc.integer({ min: 0, max: 120 }),
      carried: fc.integer({ min: 1, max: 1000 }),
      limit: fc.integer({ min: 1, max: 5000 }),
      setting: fc.constantFrom(...settingNames),
    });
    fc.assert(
      fc.property(any, ({ rate, set, carried, limit, setting }) => {
        const prediction = predict(
          workload(rate, set),
          conditions(carried, { setting, downtimeLimitMs: limit }),
          assumedCosts,
        );
        const { totalTimeMs, bytes, downtimeMs, passes } = prediction;
        for (const range of [totalTimeMs, bytes, downtimeMs, passes]) {
          if (range === undefined) continue;
          expect(range.low).toBeGreaterThanOrEqual(0);
          expect(range.expected).toBeGreaterThanOrEqual(range.low);
          expect(range.high ?? Infinity).toBeGreaterThanOrEqual(range.expected);
        }
        // A coin flip may have no figures: then only a faster link than this one ends it.
        if (prediction.convergence === 'yes') expect(totalTimeMs).toBeDefined();
        if (prediction.convergence === 'no') expect(totalTimeMs).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});
