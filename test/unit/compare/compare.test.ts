/** Verdicts on made-up runs. */
import { describe, expect, it } from 'vitest';
import { metricOf } from '../../../harness/analysis/metrics.ts';
import { compareRuns } from '../../../harness/compare/index.ts';
import { madeUpRun, pairOf, quiet, sharp, trials, type MadeUpCell } from './fixture.ts';

const total = [metricOf('totalTimeMs')];
const times = (factor: number) => quiet.map((value) => value * factor + factor);
const firstMetric = (found: ReturnType<typeof compareRuns>) => found.cells[0]?.metrics[0];

describe('a comparison of two runs', () => {
  it('calls a regression, with its size', () => {
    const found = compareRuns(...pairOf(quiet, times(1.1)), sharp);
    const metric = firstMetric(found);
    expect(metric).toMatchObject({ verdict: 'regressed', reason: '' });
    expect(metric?.effect?.kind).toBe('ratio');
    expect(metric?.effect?.estimate).toBeCloseTo(1.1, 2);
    expect(metric?.effect?.interval?.low).toBeGreaterThan(1.08);
    expect(metric?.effect?.interval?.high).toBeLessThan(1.13);
    expect(metric?.test).toMatchObject({ method: 'exact', strata: 1 });
    expect(metric?.test?.p).toBeCloseTo(2 / 924, 12);
    expect(found).toMatchObject({
      ...{ verdict: 'regressed', tests: 1, trusted: true },
      sentence: 'Regressed: of 2 figures 1 worse, 1 without change.',
    });
    expect(found.by).toBeUndefined();
  });

  it('calls the same an improvement the other way round, and where higher is better', () => {
    expect(firstMetric(compareRuns(...pairOf(times(1.1), quiet), sharp))?.verdict).toBe('improved');
    const throughput = [metricOf('throughputBitsPerSecond')];
    const run = (figures: readonly number[], runId: string) =>
      madeUpRun([{ observations: trials('throughputBitsPerSecond', figures) }], { runId });
    const found = compareRuns(run(quiet, 'a'), run(times(1.1), 'b'), { metrics: throughput });
    expect(firstMetric(found)?.verdict).toBe('improved');
    const neither = compareRuns(...pairOf(quiet, times(1.1)), {
      metrics: [{ ...metricOf('totalTimeMs'), better: 'neither' }],
    });
    expect(firstMetric(neither)?.verdict).toBe('differs');
    expect(neither.verdict).toBe('no-change');
  });

  it('says how small a change it would have seen beside "no change"', () => {
    const metric = firstMetric(
      compareRuns(...pairOf(quiet, [2005, 2015, 2025, 2035, 2045, 2055]), sharp),
    );
    expect(metric?.verdict).toBe('no-change');
    expect(metric?.minimumDetectable).toBeGreaterThan(0.01);
    expect(metric?.minimumDetectable).toBeLessThan(0.04);
    expect(metric?.reason).toMatch(/^changes from [\d.]+ % would have been seen$/u);
  });

  it('says it of figures that never vary, zeros too', () => {
    const zeros = quiet.map(() => 0);
    for (const figures of [zeros, quiet.map(() => 3)]) {
      expect(firstMetric(compareRuns(...pairOf(figures, figures), sharp))).toMatchObject({
        verdict: 'no-change',
        reason: 'all figures are the same',
      });
    }
  });

  it('does not say "no change" of noise, nor of too few', () => {
    const noisy = [1000, 3000, 1500, 2500, 900, 4000];
    const shuffled = [1100, 2900, 1400, 2600, 950, 3500];
    expect(firstMetric(compareRuns(...pairOf(noisy, shuffled), sharp))).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/^too much noise: only changes from/u) as string,
    });
    const three = firstMetric(
      compareRuns(...pairOf(quiet.slice(0, 3), times(2).slice(0, 3)), sharp),
    );
    expect(three).toMatchObject({
      verdict: 'inconclusive',
      reason: 'n too small: 3 and 3 figures can show nothing',
    });
    expect(three?.test?.adjustedP).toBeUndefined();
    expect(three?.effect?.interval).toBeUndefined();
    expect(three?.base.ciLow).toBeUndefined();
    expect(three?.effect?.estimate).toBeCloseTo(2, 1);
  });

  it('does not call what is smaller than the least that counts, or than the noise floor', () => {
    const small = pairOf(quiet, times(1.03));
    expect(firstMetric(compareRuns(...small, sharp))?.verdict).toBe('regressed');
    const found = compareRuns(...small, { ...sharp, minimumChange: 0.05 });
    expect(firstMetric(found)).toMatchObject({
      verdict: 'no-change',
      reason: 'a change, but below the 5 % that count',
    });
    const floor = firstMetric(
      compareRuns(...small, {
        ...sharp,
        noiseFloor: (key) => (key === 'totalTimeMs' ? 0.2 : undefined),
      }),
    );
    expect(floor).toMatchObject({ verdict: 'no-change', minimumChange: 0.2 });
  });

  it('does not take what a coarse noise floor hides for no change', () => {
    const coarse = (factor: number) =>
      firstMetric(
        compareRuns(...pairOf(quiet, times(factor)), { ...sharp, noiseFloor: () => 0.34 }),
      );
    expect(coarse(1.3)).toMatchObject({
      verdict: 'inconclusive',
      reason: 'a change, but below the 34 % that count on this host',
    });
    expect(coarse(1)?.verdict).toBe('inconclusive');
    expect(coarse(1.4)?.verdict).toBe('regressed');
    // Who asks for that is not told so.
    const asked = compareRuns(...pairOf(quiet, times(1.3)), { ...sharp, minimumChange: 0.34 });
    expect(firstMetric(asked)?.verdict).toBe('no-change');
  });

  it('takes the same for no change, however large a change is to count or how small one to be seen', () => {
    const verdicts = (factor: number, minimumChange: number, resolution: number) => {
      const options = { ...sharp, minimumChange, resolution };
      return firstMetric(compareRuns(...pairOf(quiet, times(factor)), options))?.verdict;
    };
    for (const minimumChange of [0.25, 0.1]) {
      for (const resolution of [0.2, 0.05]) {
        expect(verdicts(1, minimumChange, resolution)).toBe('no-change');
        expect(verdicts(1 + 0.9 * minimumChange, minimumChange, resolution)).toBe('no-change');
        expect(verdicts(1 + 1.1 * minimumChange, minimumChange, resolution)).toBe('regressed');
      }
    }
    // But not where the noise hides it.
    const noisy = [1500, 2500, 1700, 2300, 1900, 2100];
    const options = { ...sharp, minimumChange: 0.1, resolution: 0.05 };
    expect(firstMetric(compareRuns(...pairOf(noisy, noisy), options))?.verdict).toBe(
      'inconclusive',
    );
  });

  it('says of a least change that counts what it takes to be above it in four of five', () => {
    const metric = firstMetric(
      compareRuns(...pairOf(quiet, quiet), { metrics: total, minimumChange: 0.1 }),
    );
    // An estimate of just 10 % is above it in half.
    expect(metric?.minimumDetectable).toBeGreaterThan(0.103);
    expect(metric?.minimumDetectable).toBeLessThan(0.115);
  });

  it('calls less between two runs, whose guests were booted anew', () => {
    const pair = pairOf(quiet, times(1.08));
    expect(compareRuns(...pair, { metrics: total })).toMatchObject({
      verdict: 'no-change',
      options: { minimumChange: 0.1 },
    });
    expect(compareRuns(...pair, sharp).verdict).toBe('regressed');
    expect(compareRuns(...pairOf(quiet, times(1.15)), { metrics: total }).verdict).toBe(
      'regressed',
    );
  });

  it('is harsher where more is tested, and says that n is too small for so many', () => {
    const cells = (factor: number): MadeUpCell[] =>
      Array.from({ length: 30 }, (_, index) => ({
        labels: { setting: `setting-${index}` },
        observations: trials('totalTimeMs', index < 2 ? times(factor) : quiet),
      }));
    const found = (correction: 'holm' | 'bh') =>
      compareRuns(madeUpRun(cells(1)), madeUpRun(cells(1.1), { runId: 'two' }), {
        ...sharp,
        correction,
      });
    expect(firstMetric(found('holm'))?.reason).toBe(
      'n too small: 6 and 6 figures can show nothing among 30 tests',
    );
    expect(firstMetric(found('holm'))?.test?.adjustedP).toBeCloseTo((30 * 2) / 924, 12);
    // Two of thirty share the least p there is: the other correction can call them, and so can judge the others.
    const exploring = found('bh').cells.map(({ metrics }) => metrics[0]);
    expect(exploring[0]?.test?.adjustedP).toBeCloseTo((15 * 2) / 924, 12);
    expect(exploring.map((metric) => metric?.verdict)).toEqual([
      'regressed',
      'regressed',
      ...Array.from({ length: 28 }, () => 'no-change'),
    ]);
  });

  it('takes differences where a figure is 0 or negative', () => {
    const lost = [metricOf('workloadLostSeconds')];
    const run = (figures: readonly number[], runId: string) =>
      madeUpRun([{ observations: trials('workloadLostSeconds', figures) }], { runId });
    const found = firstMetric(
      compareRuns(run([-0.1, 0, 0.1, 0.2, 0.3, 0.4], 'a'), run([1, 1.1, 1.2, 1.3, 1.4, 1.5], 'b'), {
        metrics: lost,
      }),
    );
    expect(found?.effect?.kind).toBe('difference');
    expect(found?.effect?.estimate).toBeCloseTo(1.1, 9);
    expect(found?.verdict).toBe('regressed');
  });
});
