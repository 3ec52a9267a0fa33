/** Verdicts on made-up runs in which trials failed, did not converge, or say nothing. */
import { describe, expect, it } from 'vitest';
import { compareGroups, compareRuns } from '../../../harness/compare/index.ts';
import { madeUpRun, pairOf, quiet, sharp, trials, type MadeUpCell } from './fixture.ts';

const firstMetric = (found: ReturnType<typeof compareRuns>) => found.cells[0]?.metrics[0];

describe('a comparison with trials that are no result', () => {
  it('does not take one constant figure among too many tests for a finding', () => {
    const five = [2000, 2010, 2020, 2030, 2040];
    const cells = (factor: number): MadeUpCell[] => [
      ...Array.from({ length: 8 }, (_, index) => ({
        labels: { workload: `w${index}` },
        observations: trials(
          'totalTimeMs',
          five.map((value) => value * factor),
        ),
      })),
      { labels: { workload: 'same' }, observations: trials('totalTimeMs', [3, 3, 3, 3, 3]) },
    ];
    const found = compareRuns(madeUpRun(cells(1)), madeUpRun(cells(2), { runId: 'two' }), sharp);
    const reasons = new Set(found.cells.map(({ metrics }) => metrics[0]?.reason));
    expect([...reasons]).toEqual(['n too small: 5 and 5 figures can show nothing among 9 tests']);
    expect(found.verdict).toBe('inconclusive');
  });

  it('does not say "no change found" of cells in which nothing completed', () => {
    const failed: MadeUpCell[] = [{ observations: quiet.map(() => ({ outcome: 'failed' })) }];
    const found = compareRuns(madeUpRun(failed), madeUpRun(failed, { runId: 'two' }), sharp);
    expect(found).toMatchObject({
      verdict: 'inconclusive',
      sentence: 'Inconclusive: of 1 figure 1 without change.',
    });
  });

  it('says that no block has both, where each side completed in other blocks', () => {
    const half = (first: boolean) =>
      [...quiet, ...quiet].map((value, index) => (index < 6 === first ? value : undefined));
    const failing = (first: boolean) =>
      trials('totalTimeMs', half(first)).map((trial) =>
        trial.outcome === undefined ? trial : ({ outcome: 'failed' } as const),
      );
    const run = madeUpRun([
      { labels: { qemu: 'old' }, observations: failing(true) },
      { labels: { qemu: 'new' }, observations: failing(false) },
    ]);
    expect(compareGroups(run, 'qemu', sharp).cells[0]?.metrics[0]).toMatchObject({
      verdict: 'inconclusive',
      reason: 'no block has figures of both sides',
    });
  });

  it('ranks what did not converge worst, and compares completion by itself', () => {
    const metric = firstMetric(
      compareRuns(...pairOf(quiet, [2035, ...Array.from({ length: 5 }, () => undefined)]), {
        ...sharp,
      }),
    );
    expect(metric).toMatchObject({ verdict: 'regressed' });
    expect(metric?.candidate).toMatchObject({ n: 6, censored: 5, median: { censored: true } });
    expect(metric?.effect?.estimate).toBeUndefined();
    expect(metric?.effect?.interval?.high).toBeUndefined();
    expect(metric?.effect?.interval?.low).toBeGreaterThan(0.9);

    const completion = (candidate: readonly (number | undefined)[]) =>
      compareRuns(...pairOf(quiet, candidate), sharp).cells[0]?.completion;
    expect(completion(Array.from({ length: 6 }, () => undefined))).toMatchObject({
      verdict: 'regressed',
      base: { k: 6, n: 6 },
      candidate: { k: 0, n: 6 },
    });
    expect(completion([...quiet.slice(1), undefined])).toMatchObject({
      verdict: 'inconclusive',
      reason: 'fewer completed, but that may be chance',
    });
  });

  it('knows the direction where nearly none converges any more, or all do again', () => {
    const none = quiet.map(() => undefined);
    const worse = firstMetric(compareRuns(...pairOf(quiet, none), sharp));
    expect(worse).toMatchObject({
      verdict: 'regressed',
      effect: { beyond: 'above', interval: {} },
    });
    const better = firstMetric(compareRuns(...pairOf(none, quiet), sharp));
    expect(better).toMatchObject({ verdict: 'improved', effect: { beyond: 'below' } });
  });

  it('sees a loss of convergence in one cell of many, of which the others cannot differ', () => {
    const ten = Array.from({ length: 10 }, (_, index) => 2000 + 10 * index);
    const cells = (stuck: number): MadeUpCell[] =>
      Array.from({ length: 8 }, (_, index) => ({
        labels: { setting: `setting-${index}` },
        observations: trials('totalTimeMs', [
          ...ten.slice(index === 0 ? stuck : 0),
          ...Array.from({ length: index === 0 ? stuck : 0 }, () => undefined),
        ]),
      }));
    const found = compareRuns(madeUpRun(cells(0)), madeUpRun(cells(6), { runId: 'two' }), sharp);
    const [completion, other] = found.cells.map((cell) => cell.completion);
    expect(completion?.p).toBeCloseTo(0.0108, 4);
    expect(completion).toMatchObject({ verdict: 'regressed', adjustedP: completion?.p });
    expect(other).toMatchObject({ verdict: 'no-change', p: 1 });
    expect(other?.adjustedP).toBeUndefined();
    // Two such cells are two tests.
    const both = (stuck: number) => {
      const [first, ...rest] = cells(stuck);
      return [{ ...first!, labels: { setting: 'more' } }, first!, ...rest];
    };
    const two = compareRuns(madeUpRun(both(0)), madeUpRun(both(6), { runId: 'two' }), sharp);
    expect(two.cells[0]?.completion.adjustedP).toBeCloseTo(0.02167, 5);
  });

  it('counts damage as a regression, whatever the figures', () => {
    const [base, candidate] = pairOf(quiet, quiet);
    const damaged = {
      ...candidate,
      cells: candidate.cells.map((cell) => ({
        ...cell,
        observations: cell.observations.map((trial, index) => ({ ...trial, damaged: index === 0 })),
      })),
    };
    const found = compareRuns(base, damaged, sharp);
    expect(found.verdict).toBe('regressed');
    expect(found.sentence).toContain('Guests were damaged in 1 cell');
  });

  it('leaves out what is no result, and does not trust a comparison with invalid trials', () => {
    const [base, candidate] = pairOf(quiet, quiet);
    const invalid = madeUpRun(
      [
        {
          observations: [
            ...trials('totalTimeMs', quiet),
            { outcome: 'invalid', measurements: { totalTimeMs: 9e9 } },
            { outcome: 'skipped' },
          ],
        },
      ],
      { runId: 'two' },
    );
    const found = compareRuns(base, invalid, sharp);
    expect(found.cells[0]?.metrics).toEqual(compareRuns(base, candidate, sharp).cells[0]?.metrics);
    expect(found.cells[0]?.completion.candidate).toMatchObject({ k: 6, n: 6 });
    expect(found.trusted).toBe(false);
    expect(found.warnings).toContain('1 invalid trial was left out.');
    // Once, however many pairs its cell is in.
    const setting = (name: string, outcome: 'invalid' | 'completed') => ({
      labels: { setting: name },
      observations: [...trials('totalTimeMs', quiet), { outcome }],
    });
    const run = madeUpRun([
      setting('a', 'invalid'),
      setting('b', 'completed'),
      setting('c', 'completed'),
    ]);
    expect(compareGroups(run, 'setting', sharp).warnings).toContain(
      '1 invalid trial was left out.',
    );
  });
});
