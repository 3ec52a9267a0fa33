/** Tests, intervals and corrections of comparisons, against SciPy and against enumeration (fixtures/statistics). */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benjaminiHochberg } from '../../../harness/analysis/benjamini-hochberg.ts';
import { fisherExact, leastFisherP } from '../../../harness/analysis/fisher-exact.ts';
import { hodgesLehmann } from '../../../harness/analysis/hodges-lehmann.ts';
import { holm } from '../../../harness/analysis/holm.ts';
import { minimumDetectableShift } from '../../../harness/analysis/minimum-detectable-effect.ts';
import { normalCdf, normalQuantile } from '../../../harness/analysis/normal.ts';
import { stratifiedRankTest } from '../../../harness/analysis/stratified-rank-test.ts';
import type { Stratum } from '../../../harness/analysis/strata.ts';

interface Interval {
  readonly estimate: number;
  readonly low?: number;
  readonly high?: number;
}

interface Reference {
  readonly rankTests: readonly {
    readonly strata: readonly Stratum[];
    readonly p: number;
    readonly scipyExact?: number;
    readonly shift95: Interval;
    readonly shift99: Interval;
  }[];
  readonly normalTests: readonly (Stratum & { readonly p: number })[];
  readonly largeExact: Stratum & { readonly p: number };
  readonly fisher: readonly {
    readonly a: readonly [number, number];
    readonly b: readonly [number, number];
    readonly p: number;
  }[];
  readonly ps: readonly number[];
  readonly holm: readonly number[];
  readonly benjaminiHochberg: readonly number[];
  readonly normal: readonly { readonly x: number; readonly p: number }[];
  readonly quantiles: readonly { readonly x: number; readonly p: number }[];
}

const reference = JSON.parse(
  readFileSync(new URL('../../fixtures/statistics/reference.json', import.meta.url), 'utf8'),
) as Reference;

/** Equal to 1e-9, of the value where it is small. */
function expectClose(found: number | undefined, expected: number, what: string): void {
  expect(found, what).toBeDefined();
  const tolerance = 1e-9 * Math.max(Math.abs(expected), 1e-300);
  expect(
    Math.abs((found ?? NaN) - expected),
    `${what}: ${found} and ${expected}`,
  ).toBeLessThanOrEqual(tolerance);
}

const logs = ({ base, candidate }: Stratum): Stratum => ({
  base: base.map(Math.log),
  candidate: candidate.map(Math.log),
});

describe('the normal distribution', () => {
  it('is that of SciPy', () => {
    expect.hasAssertions();
    for (const { x, p } of reference.normal) expectClose(normalCdf(x), p, `cdf(${x})`);
    for (const { x, p } of reference.quantiles) {
      if (p === 0.5) expect(Math.abs(normalQuantile(p))).toBeLessThan(1e-15);
      else expectClose(normalQuantile(p), x, `quantile(${p})`);
    }
  });
});

describe('the stratified rank test', () => {
  it.each(reference.rankTests.map((each, index) => [index, each] as const))(
    'gives the p of enumeration and SciPy, case %i',
    (_, { strata, p, scipyExact }) => {
      const found = stratifiedRankTest(strata);
      expect(found?.method).toBe('exact');
      expectClose(found?.p, p, 'enumerated');
      if (scipyExact !== undefined) expectClose(found?.p, scipyExact, 'SciPy');
    },
  );

  it('is exact for 30 against 35 figures', () => {
    expect.hasAssertions();
    expectClose(stratifiedRankTest([reference.largeExact])?.p, reference.largeExact.p, 'p');
  });

  it('uses the normal approximation where enumeration would take long', () => {
    for (const each of reference.normalTests) {
      const found = stratifiedRankTest([each]);
      expect(found?.method).toBe('normal');
      expectClose(found?.p, each.p, `${each.base.length} and ${each.candidate.length}`);
    }
  });

  it('says how little it can see', () => {
    const three = stratifiedRankTest([{ base: [1, 2, 3], candidate: [4, 5, 6] }]);
    expect(three?.p).toBeCloseTo(0.1, 12);
    expect(three?.smallestP).toBeCloseTo(0.1, 12);
    const six = stratifiedRankTest([
      { base: [1, 2, 3, 4, 5, 6], candidate: [7, 8, 9, 10, 11, 12] },
    ]);
    expect(six?.p).toBeCloseTo(2 / 924, 12);
  });

  it('ranks censored figures worst, equal among themselves', () => {
    const censored = stratifiedRankTest([
      { base: [10, 11, 12, 13, 14], candidate: [10.5, Infinity, Infinity, Infinity, Infinity] },
    ]);
    const instead = stratifiedRankTest([
      { base: [10, 11, 12, 13, 14], candidate: [10.5, 99, 99, 99, 99] },
    ]);
    expect(censored).toEqual(instead);
  });

  it('has nothing to say without both sides, and 1 where all is equal', () => {
    expect(stratifiedRankTest([{ base: [1, 2], candidate: [] }])).toBeUndefined();
    expect(stratifiedRankTest([{ base: [5, 5, 5, 5], candidate: [5, 5, 5, 5] }])?.p).toBe(1);
    const many = Array.from({ length: 100 }, () => 5);
    expect(stratifiedRankTest([{ base: many, candidate: many }])?.p).toBe(1);
  });

  it('does not see a drift that strata hide, and does not depend on sides or units', () => {
    const figures = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    const strata = fc.array(fc.record({ base: figures, candidate: figures }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(strata, (given) => {
        const p = stratifiedRankTest(given)?.p ?? NaN;
        const drifted = given.map(({ base, candidate }, index) => ({
          base: base.map((value) => value + 100 * index),
          candidate: candidate.map((value) => value + 100 * index),
        }));
        const swapped = given.map(({ base, candidate }) => ({ base: candidate, candidate: base }));
        expect(stratifiedRankTest(drifted)?.p).toBeCloseTo(p, 12);
        expect(stratifiedRankTest(swapped)?.p).toBeCloseTo(p, 12);
      }),
    );
  });
});

describe('the Hodges-Lehmann shift', () => {
  it.each(reference.rankTests.map((each, index) => [index, each] as const))(
    'is the weighted median of all differences, its interval the inverted test, case %i',
    (_, { strata, shift95, shift99 }) => {
      for (const [confidence, expected] of [
        [0.95, shift95],
        [0.99, shift99],
      ] as const) {
        const found = hodgesLehmann(strata.map(logs), confidence);
        expectClose(found?.estimate, expected.estimate, 'estimate');
        if (expected.low === undefined || expected.high === undefined) {
          expect(found?.interval).toBeUndefined();
        } else {
          expectClose(found?.interval?.low, expected.low, 'low');
          expectClose(found?.interval?.high, expected.high, 'high');
        }
      }
    },
  );

  it('is a sign-changed one for exchanged sides, and agrees with the test where nothing is tied', () => {
    const figures = fc.uniqueArray(fc.double({ min: 1, max: 9, noNaN: true }), {
      minLength: 4,
      maxLength: 8,
    });
    fc.assert(
      fc.property(figures, figures, (base, candidate) => {
        fc.pre(new Set([...base, ...candidate]).size === base.length + candidate.length);
        const found = hodgesLehmann([{ base, candidate }]);
        const swapped = hodgesLehmann([{ base: candidate, candidate: base }]);
        expect(found?.estimate).toBeCloseTo(-(swapped?.estimate ?? NaN), 9);
        expect(found?.interval?.low).toBeCloseTo(-(swapped?.interval?.high ?? NaN), 9);
        const p = stratifiedRankTest([{ base, candidate }])?.p ?? NaN;
        const { low, high } = found?.interval ?? { low: NaN, high: NaN };
        expect(low > 0 || high < 0).toBe(p <= 0.05);
      }),
    );
  });

  it('knows what it does not know of censored figures', () => {
    const base = [1, 2, 3, 4, 5, 6];
    const most = hodgesLehmann([
      { base, candidate: [3, ...Array.from({ length: 5 }, () => Infinity)] },
    ]);
    expect(most?.estimate).toBe(Infinity);
    expect(most?.interval?.low).toBeLessThan(Infinity);
    expect(most?.interval?.high).toBe(Infinity);
    const all = Array.from({ length: 6 }, () => Infinity);
    expect(hodgesLehmann([{ base: all, candidate: all }])).toEqual({
      estimate: undefined,
      interval: { low: -Infinity, high: Infinity },
    });
    const one = hodgesLehmann([
      { base: [1, 2, 3, 4, 5, Infinity], candidate: [1, 2, 3, 4, 5, Infinity] },
    ]);
    expect(one?.estimate).toBe(0);
    expect(one?.interval?.low).toBeLessThan(-1);
  });

  it('takes thousands of figures without holding their differences', () => {
    const base = Array.from({ length: 5000 }, (_, index) => index);
    const found = hodgesLehmann([{ base, candidate: base.map((value) => value + 100) }]);
    expect(found?.estimate).toBe(100);
    expect(found?.interval?.low).toBeGreaterThan(0);
    expect(found?.interval?.high).toBeLessThan(200);
  });
});

describe('corrections for several tests', () => {
  it('are those of the reference', () => {
    for (const [index, p] of holm(reference.ps).entries()) {
      expectClose(p, reference.holm[index] ?? NaN, `Holm ${index}`);
    }
    for (const [index, p] of benjaminiHochberg(reference.ps).entries()) {
      expectClose(p, reference.benjaminiHochberg[index] ?? NaN, `BH ${index}`);
    }
    expect(holm([])).toEqual([]);
    expect(benjaminiHochberg([])).toEqual([]);
  });
});

describe("Fisher's exact test", () => {
  it('is that of SciPy', () => {
    for (const { a, b, p } of reference.fisher) {
      expectClose(
        fisherExact({ k: a[0], n: a[1] }, { k: b[0], n: b[1] }),
        p,
        `${a.join('/')} and ${b.join('/')}`,
      );
    }
    expect(fisherExact({ k: 0, n: 0 }, { k: 3, n: 3 })).toBe(1);
  });

  it('has a least p for given totals: of the table that is furthest off', () => {
    expect(leastFisherP({ k: 10, n: 10 }, { k: 10, n: 10 })).toBe(1);
    const [seen, extreme] = [leastFisherP({ k: 8, n: 10 }, { k: 6, n: 10 }), { k: 4, n: 10 }];
    expect(seen).toBeCloseTo(fisherExact({ k: 10, n: 10 }, extreme), 12);
    // Of six and six with one that failed there is only one kind of table.
    expect(leastFisherP({ k: 6, n: 6 }, { k: 5, n: 6 })).toBeCloseTo(1, 12);
  });
});

describe('the minimum detectable effect', () => {
  it('is (1.96 + 0.84) standard errors at the usual level and power', () => {
    const interval = { low: -1.959963984540054, high: 1.959963984540054 };
    const found = minimumDetectableShift(interval, { confidence: 0.95, level: 0.05 });
    expectClose(found, 1.959963984540054 + 0.8416212335729143, 'shift');
    expect(
      minimumDetectableShift({ low: 0, high: Infinity }, { confidence: 0.95, level: 0.05 }),
    ).toBeUndefined();
  });
});
