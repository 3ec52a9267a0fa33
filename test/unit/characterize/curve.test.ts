/** The dirty curve, its classes, and what a workload requires, against figures worked out by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dirtyShare, pageClasses } from '../../../harness/characterize/classes.ts';
import { dirtyFunction, spreadOf, type DirtyCurve } from '../../../harness/characterize/curve.ts';
import { requiredBandwidth, requiredDowntime } from '../../../harness/characterize/requirements.ts';
import { LINK_PAYLOAD, PAGE_OVERHEAD } from '../../../harness/characterize/wire.ts';

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
  test('of a concave curve add up to it', () => {
    const dirty = dirtyFunction(curve([100, 100], [1000, 300], [2000, 400]), 1000, 'median');
    const classes = pageClasses(dirty, [100, 1000, 2000]);
    for (const ms of [20, 100, 550, 1500, 2000, 5000, 8000, 9000]) {
      const sum = classes.reduce((bytes, one) => bytes + one.bytes * dirtyShare(one, ms), 0);
      expect(sum, `${ms} ms`).toBeCloseTo(dirty(ms), 6);
    }
  });

  test('never hold less than was measured, nor more than the cap', () => {
    const points = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 0, max: 5000 })),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(points, (measured) => {
        const distinct = [...new Map(measured)].map(([ms, bytes]) => [ms, bytes] as const);
        const dirty = dirtyFunction(curve(...distinct), 5000, 'median');
        const knots = distinct.map(([ms]) => ms);
        const classes = pageClasses(dirty, knots);
        expect(classes.every(({ bytes }) => bytes > 0)).toBe(true);
        const at = (ms: number) =>
          classes.reduce((bytes, one) => bytes + one.bytes * dirtyShare(one, ms), 0);
        for (const ms of knots) expect(at(ms)).toBeGreaterThanOrEqual(dirty(ms) - 1e-6);
        expect(at(1e9)).toBeLessThanOrEqual(5000 + 1e-6);
      }),
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

  test('of bandwidth and of downtime are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: 150, max: 20_000 }), (limit) => {
        const back = requiredDowntime(dirty, requiredBandwidth(dirty, limit));
        expect(back / limit).toBeCloseTo(1, 3);
      }),
    );
  });
});
