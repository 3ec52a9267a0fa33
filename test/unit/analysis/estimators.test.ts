/** Estimators against literal values: published tables, R, and figures worked out by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exact, moreThan, type Figure } from '../../../harness/analysis/censored.ts';
import { medianAbsoluteDeviation } from '../../../harness/analysis/median-absolute-deviation.ts';
import { medianInterval, medianIntervalRank } from '../../../harness/analysis/median-interval.ts';
import { median } from '../../../harness/analysis/median.ts';
import { range } from '../../../harness/analysis/range.ts';
import { wilsonInterval } from '../../../harness/analysis/wilson-interval.ts';

const figures = (...values: readonly number[]): Figure[] => values.map(exact);
const finite = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
const anyFigures = fc.array(
  fc.record({ value: fc.double({ noNaN: true, min: 0, max: 1e9 }), censored: fc.boolean() }),
  { minLength: 1, maxLength: 40 },
);

describe('median', () => {
  test.each([
    [[3], 3],
    [[1, 2], 1.5],
    [[5, 1, 3], 3],
    [[4, 1, 3, 2], 2.5],
    // Numbers as strings would be sorted 10, 9.
    [[9, 10, 100], 10],
  ])('of %j is %d', (values, expected) => {
    expect(median(figures(...values))).toEqual({ value: expected, censored: false });
  });

  test('of nothing is unknown', () => {
    expect(median([])).toBeUndefined();
  });

  test('is a lower bound once it falls on a censored figure', () => {
    const deadline = moreThan(20000);
    expect(median([...figures(5000, 6000), deadline])).toEqual(exact(6000));
    expect(median([exact(5000), deadline, deadline])).toEqual(moreThan(20000));
    // Even n, one of the middle two censored: more than their mean.
    expect(median([exact(10000), deadline])).toEqual(moreThan(15000));
    // A completed trial that overran the deadline still ranks before one that never got there.
    expect(median([exact(20400), deadline, exact(1000)])).toEqual(exact(20400));
  });

  test('does not depend on the order, and has half the figures on either side', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), (values) => {
        const middle = median(figures(...values))?.value ?? Number.NaN;
        expect(median(figures(...values.toReversed()))?.value).toBe(middle);
        expect(values.filter((value) => value <= middle).length * 2).toBeGreaterThanOrEqual(
          values.length,
        );
        expect(values.filter((value) => value >= middle).length * 2).toBeGreaterThanOrEqual(
          values.length,
        );
      }),
    );
  });
});

describe('median interval', () => {
  // Worked out from the binomial distribution; in R: 1 - 2 * pbinom(rank - 1, n, 0.5).
  test.each([
    [6, 1, 0.96875],
    [7, 1, 0.984375],
    [8, 1, 0.9921875],
    [9, 2, 0.9609375],
    [10, 2, 0.978515625],
    [12, 3, 0.96142578125],
    [20, 6, 0.9586105],
    [30, 10, 0.9572261],
    [50, 18, 0.967161],
  ])('n = %d: rank %d, coverage %d', (n, rank, coverage) => {
    const found = medianIntervalRank(n);
    expect(found?.rank).toBe(rank);
    expect(found?.coverage).toBeCloseTo(coverage, 6);
  });

  test.each([0, 1, 2, 3, 4, 5])('n = %d is too small', (n) => {
    expect(medianIntervalRank(n)).toBeUndefined();
    expect(medianInterval(figures(...Array.from({ length: n }, (_, i) => i)))).toBeUndefined();
  });

  test('is [min, max] of six, and the second from both ends of ten', () => {
    expect(medianInterval(figures(6, 1, 5, 2, 4, 3))).toEqual({
      low: exact(1),
      high: exact(6),
      coverage: 0.96875,
    });
    expect(medianInterval(figures(10, 1, 9, 2, 8, 3, 7, 4, 6, 5))).toMatchObject({
      low: exact(2),
      high: exact(9),
    });
  });

  test('has a censored end where the figure there is', () => {
    const some = [...figures(1, 2, 3, 4, 5), moreThan(20000)];
    expect(medianInterval(some)).toMatchObject({ low: exact(1), high: moreThan(20000) });
  });

  test('large n: neither underflow nor a step too far', () => {
    // As the normal approximation has it: 5000 − 1.96·√10000 ÷ 2 = 4902.
    expect(medianIntervalRank(10000)?.rank).toBe(4902);
    expect(medianIntervalRank(10000)?.coverage).toBeGreaterThanOrEqual(0.95);
  });

  test('holds the median', () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 6, maxLength: 60 }), (values) => {
        const interval = medianInterval(figures(...values));
        const middle = median(figures(...values));
        expect(interval?.low.value).toBeLessThanOrEqual(middle?.value ?? Number.NaN);
        expect(interval?.high.value).toBeGreaterThanOrEqual(middle?.value ?? Number.NaN);
        expect(interval?.coverage).toBeGreaterThanOrEqual(0.95);
      }),
    );
  });
});

describe('median absolute deviation', () => {
  // R: mad(c(1, 1, 2, 2, 4, 6, 9), constant = 1)
  test.each([
    [[1, 1, 2, 2, 4, 6, 9], 1],
    [[5], 0],
    [[1, 3], 1],
    [[10, 12, 14, 100], 2],
  ])('of %j is %d', (values, expected) => {
    expect(medianAbsoluteDeviation(figures(...values))).toBe(expected);
  });

  test('is unknown for nothing and for censored figures', () => {
    expect(medianAbsoluteDeviation([])).toBeUndefined();
    expect(medianAbsoluteDeviation([exact(1), exact(2), moreThan(3)])).toBeUndefined();
  });
});

describe('range', () => {
  test('a censored figure is the largest', () => {
    expect(range(figures(3, 1, 2))).toEqual({ min: exact(1), max: exact(3) });
    expect(range([moreThan(5), exact(7)])).toEqual({ min: exact(7), max: moreThan(5) });
    expect(range([])).toBeUndefined();
  });

  test('all estimates are in order', () => {
    fc.assert(
      fc.property(anyFigures, (some) => {
        const ends = range(some);
        const middle = median(some);
        if (ends === undefined || middle === undefined) throw new Error('none');
        if (!ends.max.censored) expect(middle.value).toBeLessThanOrEqual(ends.max.value);
        if (!middle.censored) expect(middle.value).toBeGreaterThanOrEqual(ends.min.value);
      }),
    );
  });
});

describe('Wilson interval', () => {
  // Newcombe 1998, Statistics in Medicine 17, table I (method 3), four decimals; the others from R's binom package.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [8, 10, 0.4902, 0.9433],
    [10, 10, 0.7225, 1],
    [0, 10, 0, 0.2775],
  ])('%d of %d', (k, n, low, high) => {
    const interval = wilsonInterval(k, n);
    expect(interval).toMatchObject({ k, n });
    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  test('of none is unknown; of nonsense is refused', () => {
    expect(wilsonInterval(0, 0)).toBeUndefined();
    expect(() => wilsonInterval(3, 2)).toThrow(RangeError);
    expect(() => wilsonInterval(0.5, 2)).toThrow(RangeError);
  });

  test('holds the proportion, stays in [0, 1] and mirrors', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (a, b) => {
        const n = a + b;
        const interval = wilsonInterval(a, n);
        if (interval === undefined) return;
        expect(interval.low).toBeGreaterThanOrEqual(0);
        expect(interval.high).toBeLessThanOrEqual(1);
        expect(interval.low).toBeLessThanOrEqual(a / n);
        expect(interval.high).toBeGreaterThanOrEqual(a / n);
        expect(wilsonInterval(b, n)?.low).toBeCloseTo(1 - interval.high, 12);
      }),
    );
  });
});
