/** The dirty curve, its classes, and what a workload requires, against figures worked out by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  classesBeyond,
  dirtyShare,
  pageClasses,
  type PageClass,
} from '../../../harness/characterize/classes.ts';
import { knownDirtyBytes, type Pattern } from '../../../harness/characterize/closed-forms.ts';
import { dirtyFunction, spreadOf, type DirtyCurve } from '../../../harness/characterize/curve.ts';
import { requiredBandwidth, requiredDowntime } from '../../../harness/characterize/requirements.ts';
import { LINK_PAYLOAD, PAGE_OVERHEAD } from '../../../harness/characterize/wire.ts';

const MIB = 1024 * 1024;
const spread = (median: number) => ({ n: 1, median, low: median * 0.9, high: median * 1.1 });
const curve = (...points: readonly (readonly [number, number])[]): DirtyCurve =>
  points.map(([windowMs, bytes]) => ({ windowMs, uniqueDirtyBytes: spread(bytes) }));

describe('dirtyFunction', () => {
  const dirty = dirtyFunction(curve([1000, 300], [100, 100], [2000, 400]), 1000, 'median');

  test.each([
    [0, 0],
    [50, 50], // the first slope to 0
    [100, 100],
    [550, 200],
    [1500, 350],
    [4000, 600], // the last slope
    [60_000, 1000], // and the cap
  ])('at %d ms is %d', (ms, bytes) => {
    expect(dirty(ms)).toBeCloseTo(bytes, 9);
  });

  test('takes either end of the spread', () => {
    expect(dirtyFunction(curve([100, 100]), 1000, 'low')(100)).toBeCloseTo(90);
    expect(dirtyFunction(curve([100, 100]), 1000, 'high')(100)).toBeCloseTo(110);
  });

  test('does not fall, whatever noise says', () => {
    expect(dirtyFunction(curve([100, 200], [200, 150]), 1000, 'median')(200)).toBe(200);
  });

  test('of nothing is an error', () => {
    expect(() => dirtyFunction([], 1000, 'median')).toThrow('at least one point');
  });
});

describe('spreadOf', () => {
  test('gives the range of few and the tenths of many', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ n: 3, median: 2, low: 1, high: 3 });
    const many = spreadOf(Array.from({ length: 11 }, (_, index) => index));
    expect(many).toEqual({ n: 11, median: 5, low: 1, high: 9 });
    expect(spreadOf([])).toBeUndefined();
  });
});

describe('pageClasses', () => {
  const windows = [50, 100, 250, 500, 1000, 2000, 4000, 8000, 15_000, 30_000, 60_000];
  const at = (classes: readonly PageClass[], ms: number) =>
    classes.reduce((sum, one) => sum + one.bytes * dirtyShare(one, ms), 0);

  test.each<Pattern>(['random', 'sequential', 'hot-cold', 'zipf'])(
    'of a %s writer dirty what it dirties, at windows and between',
    (pattern) => {
      const writer = {
        ...{ pattern, threads: 1 },
        workingSetBytes: 64 * MIB,
        writtenBytesPerSecond: 20 * MIB,
      };
      const known = (ms: number) => knownDirtyBytes(writer, ms);
      const points = windows.map((ms) => [ms, known(ms)] as const);
      const classes = pageClasses(dirtyFunction(curve(...points), 128 * MIB, 'median'), windows);
      for (const ms of windows) expect(at(classes, ms) / known(ms)).toBeCloseTo(1, 1);
      for (const ms of [70, 700, 3000, 6000]) {
        expect(at(classes, ms) / known(ms), `${ms} ms`).toBeGreaterThan(0.93);
        expect(at(classes, ms) / known(ms), `${ms} ms`).toBeLessThan(1.07);
      }
      // What kind of writer it was can be seen.
      const inTurn = classes.filter(({ kind }) => kind === 'in-turn');
      const share = inTurn.reduce((sum, { bytes }) => sum + bytes, 0) / (64 * MIB);
      if (pattern === 'random') expect(share).toBeLessThan(0.2);
      if (pattern === 'sequential') expect(share).toBeGreaterThan(0.8);
    },
  );

  describe('beyond the longest window', () => {
    // 1 MiB/s for a minute, of 4 GiB: nothing says that it ends.
    const points = windows.map((ms) => [ms, (ms * MIB) / 1000] as const);
    const dirty = dirtyFunction(curve(...points), 4096 * MIB, 'median');

    test('go on growing for much longer than the longest window', () => {
      const classes = pageClasses(dirty, windows);
      // Periods up to 8 times the longest window alone gave 176, and no more than 360 in the end.
      expect(at(classes, 240_000) / MIB).toBeGreaterThan(195);
      expect(at(classes, 1e9) / MIB).toBeGreaterThan(700);
    });

    test('have ends: the last slope up to the cap, or nothing more', () => {
      const grows = classesBeyond(dirty, windows, 'grows');
      const stays = classesBeyond(dirty, windows, 'stays');
      for (const ms of [100, 60_000]) {
        expect(at(grows, ms) / dirty(ms)).toBeCloseTo(1, 6);
        expect(at(stays, ms) / dirty(ms)).toBeCloseTo(1, 6);
      }
      expect(at(grows, 1_000_000) / MIB).toBeCloseTo(1000, 6);
      expect(at(grows, 1e9) / MIB).toBeCloseTo(4096, 6);
      expect(at(stays, 1e9) / MIB).toBeCloseTo(60, 6);
    });
  });

  test('of any curve are near it or above it, and never hold more than the cap', () => {
    const points = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 5000 })),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(points, (measured) => {
        const distinct = [...new Map(measured)].map(([ms, pages]) => [ms, pages * 4096] as const);
        const cap = 5000 * 4096;
        const dirty = dirtyFunction(curve(...distinct), cap, 'median');
        const knots = distinct.map(([ms]) => ms).filter((ms) => dirty(ms) > 0);
        const classes = pageClasses(dirty, knots);
        expect(classes.every(({ bytes }) => bytes > 0)).toBe(true);
        const off = knots.map((ms) => Math.max(0, 1 - at(classes, ms) / dirty(ms)));
        expect(off.reduce((sum, value) => sum + value, 0)).toBeLessThanOrEqual(0.031 * off.length);
        expect(at(classes, 1e12)).toBeLessThanOrEqual(cap * (1 + 1e-9));
      }),
      { numRuns: 40 },
    );
  });
});

describe('what a workload requires', () => {
  const dirty = dirtyFunction(curve([100, 1e6], [1000, 4e6], [10_000, 5e6]), 1e8, 'median');

  test('is D(L)(1 + h/p)/L on the wire', () => {
    const bits = ((4e6 * PAGE_OVERHEAD) / 1) * 8;
    expect(requiredBandwidth(dirty, 1000)).toBeCloseTo(bits / LINK_PAYLOAD, 3);
  });

  test('is the largest t at which the link carries what is dirtied', () => {
    const bandwidth = requiredBandwidth(dirty, 1000);
    expect(requiredDowntime(dirty, bandwidth)).toBeCloseTo(1000, 2);
    // 10 MB/s over the first 100 ms: a link that carries 11 has no such t.
    expect(requiredDowntime(dirty, (1.1e7 * 8 * PAGE_OVERHEAD) / LINK_PAYLOAD)).toBe(0);
  });

  test('of pages that shrink is what QEMU, which compares memory with bytes on the wire, asks for', () => {
    // 2.5 MB within 500 ms: of so much memory half goes over the wire, 2.5 MB/s for a second.
    const bits = dirty(500) * PAGE_OVERHEAD * 8;
    expect(requiredBandwidth(dirty, 1000, 0.5)).toBeCloseTo(bits / LINK_PAYLOAD, 3);
    expect(requiredDowntime(dirty, requiredBandwidth(dirty, 1000, 0.5), 0.5)).toBeCloseTo(500, 2);
  });

  test('of bandwidth and of downtime are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: 150, max: 20_000 }), (limit) => {
        const back = requiredDowntime(dirty, requiredBandwidth(dirty, limit));
        expect(back / limit).toBeCloseTo(1, 3);
      }),
    );
  });
});
