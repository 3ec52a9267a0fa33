/** The gate of a comparison: what fails it, what does not, and what cannot be judged. */
import { describe, expect, it } from 'vitest';
import {
  compareGroups,
  evaluateComparisonGate,
  relativeThresholds,
} from '../../../harness/compare/index.ts';
import { failedChecks } from '../../../harness/analysis/gate.ts';
import { metricOf } from '../../../harness/analysis/metrics.ts';
import type { Observation } from '../../../harness/compare/side.ts';
import { madeUpRun, quiet, trials } from './fixture.ts';

const times = (factor: number) => quiet.map((value) => value * factor);
const options = { metrics: [metricOf('totalTimeMs')], minimumChange: 0.01 };

function compared(
  base: readonly Partial<Observation>[],
  candidate: readonly Partial<Observation>[],
  minimumChange = 0.01,
) {
  const run = madeUpRun([
    { labels: { qemu: 'old' }, observations: base },
    { labels: { qemu: 'new' }, observations: candidate },
  ]);
  return compareGroups(run, 'qemu', { ...options, minimumChange });
}

const total = (figures: readonly (number | undefined)[]) => trials('totalTimeMs', figures);
const gateOf = (comparison: ReturnType<typeof compared>, ...texts: string[]) =>
  evaluateComparisonGate(comparison, relativeThresholds(texts));
const failures = (...args: Parameters<typeof gateOf>) =>
  failedChecks(gateOf(...args)).map(({ threshold }) => threshold);

describe('without thresholds', () => {
  it('passes what is unchanged or better, and fails what is worse', () => {
    expect(failures(compared(total(quiet), total(quiet)))).toEqual([]);
    expect(failures(compared(total(times(1.2)), total(quiet)))).toEqual([]);
    expect(failures(compared(total(quiet), total(times(1.2))))).toEqual([
      'total_time_ms does not regress',
    ]);
  });

  it('says what was found', () => {
    const [check] = failedChecks(gateOf(compared(total(quiet), total(times(1.2)))));
    expect(check).toMatchObject({ cellId: 'idle · precopy: old → new', status: 'failed' });
    expect(check?.text).toMatch(/^regressed: × 1\.2 \(1\.1\d – 1\.2\d\), n = 6 and 6$/u);
  });

  it('fails where nothing could be judged', () => {
    const two = compared(total([2000, 2010]), total([2000, 2010]));
    expect(failures(two)).toEqual(['no metric regresses']);
    expect(failures(two, 'total_time_ms <= +5%')).toEqual(['total_time_ms <= +5%']);
    // A metric that was not compared.
    expect(failures(compared(total(quiet), total(quiet)), 'pause_ms <= +5%')).toEqual([
      'pause_ms <= +5%',
    ]);
  });
});

describe('a threshold on a change', () => {
  it('lets changes up to it pass', () => {
    const slower = compared(total(quiet), total(times(1.2)));
    expect(failures(slower, 'total_time_ms <= +25%')).toEqual([]);
    expect(failures(slower, 'total_time_ms <= +15%')).toEqual(['total_time_ms <= +15%']);
    // 1.2 times 2025 ms is 405 ms more.
    expect(failures(slower, 'total_time_ms < +500ms')).toEqual([]);
    expect(failures(slower, 'total_time_ms < +300ms')).toEqual(['total_time_ms < +300ms']);
  });

  it('may demand a change', () => {
    const faster = compared(total(times(1.2)), total(quiet));
    expect(failures(faster, 'total_time_ms <= -10%')).toEqual([]);
    expect(failures(faster, 'total_time_ms <= -30%')).toEqual(['total_time_ms <= -30%']);
    const same = compared(total(quiet), total(quiet));
    expect(failures(same, 'total_time_ms <= -10%')).toEqual(['total_time_ms <= -10%']);
    expect(failures(same, 'total_time_ms >= -10%')).toEqual([]);
  });

  it('is not breached by noise', () => {
    const noisy = [1000, 1500, 2000, 2500, 3000, 3500];
    const found = gateOf(
      compared(total(noisy), total(noisy.map((value) => value * 1.1))),
      'total_time_ms <= +5%',
    );
    // Inconclusive, which alone is no pass either.
    expect(found.checks.find(({ threshold }) => threshold.startsWith('total'))).toMatchObject({
      status: 'not-applicable',
    });
    expect(found.passed).toBe(false);
  });

  it('says where it is finer than what is called', () => {
    const coarse = compared(total(quiet), total(times(1.07)), 0.1);
    const found = gateOf(coarse, 'total_time_ms <= +5%');
    expect(found.passed).toBe(true);
    expect(found.notes).toEqual([
      'total_time_ms <= +5%: changes below 10 % are not called here, whatever the limit (--minimum-change).',
    ]);
    expect(gateOf(coarse, 'total_time_ms <= +15%').notes).toEqual([]);
    // 10 % of 2025 ms is 202.5 ms.
    expect(gateOf(coarse, 'total_time_ms <= +100ms').notes).toEqual([
      expect.stringContaining('changes below 10 % are not called here'),
    ]);
    expect(gateOf(coarse, 'total_time_ms <= +300ms').notes).toEqual([]);
  });

  it('says where it is finer than what would have been seen', () => {
    const wide = [1900, 1960, 2020, 2080, 2140, 2200];
    const found = gateOf(compared(total(wide), total(wide)), 'total_time_ms <= +2%');
    expect(found.passed).toBe(true);
    expect(found.notes).toEqual([
      expect.stringMatching(
        /^total_time_ms <= \+2%: a change below [\d.]+ % may have been missed; more repetitions would show it\.$/u,
      ),
    ]);
  });

  it('says what it does not cover', () => {
    const all = compared(total(quiet), total(quiet));
    expect(gateOf({ ...all, unmatched: { base: ['a', 'b'], candidate: ['c'] } }).notes).toEqual([
      '2 cells of the base lack a partner, and are not covered by this gate.',
    ]);
    const cell = (qemu: string, workload: string) => ({
      labels: { qemu, workload },
      observations: total(quiet),
    });
    const [a, b] = ['idle', 'database'];
    const cells = [cell('a', a), cell('a', b), cell('b', a), cell('b', b), cell('c', a)];
    expect(gateOf(compareGroups(madeUpRun(cells), 'qemu', options)).notes).toEqual([
      '1 cell of the base lacks a partner in some candidate, and is not wholly covered by this gate.',
    ]);
  });

  it('holds to a limit once, however often it is given', () => {
    const twice = ['total_time_ms<=+5%', 'total_time_ms <= +5%'];
    const { checks } = gateOf(compared(total(quiet), total(quiet)), ...twice);
    expect(checks.filter(({ threshold }) => threshold.startsWith('total'))).toHaveLength(1);
  });

  it('takes a candidate that mostly does not converge for slower without bounds', () => {
    const stuck = compared(total(quiet), total(quiet.map(() => undefined)));
    const [completion, ...others] = failedChecks(gateOf(stuck, 'total_time_ms <= +500%'));
    expect(completion?.threshold).toBe('completion does not regress');
    // By its own verdict, and not for want of one.
    expect(others).toEqual([
      {
        ...{ threshold: 'total_time_ms <= +500%', cellId: 'idle · precopy: old → new' },
        status: 'failed',
        text: 'regressed: higher by more than can be said, since so many did not converge, n = 6 and 6',
      },
    ]);
    const cured = compared(total(quiet.map(() => undefined)), total(quiet));
    expect(failures(cured, 'total_time_ms <= -10%')).toEqual([]);
  });
});

describe('completion and integrity', () => {
  const failed = (n: number): Partial<Observation>[] =>
    Array.from({ length: n }, () => ({ outcome: 'failed' }));

  it('always fail it', () => {
    const thresholds = 'total_time_ms <= +5%';
    const fewer = compared(total(quiet), [...total(quiet.slice(0, 1)), ...failed(5)]);
    expect(failures(fewer, thresholds)).toContain('completion does not regress');
    const damaged = compared(total(quiet), [
      ...total(quiet.slice(1)),
      { outcome: 'failed', damaged: true },
    ]);
    expect(failures(damaged, thresholds)).toContain('integrity != damaged');
  });

  it('fail it where none completes any more, however few trials there are', () => {
    const none = compared(total([2000]), failed(1));
    expect(failures(none)).toContain('completion does not regress');
    const refused = compared(total(quiet), [{ outcome: 'skipped' }, { outcome: 'skipped' }]);
    expect(failures(refused)).toContain('completion does not regress');
    expect(gateOf(refused).checks[0]?.text).toBe(
      '6 of 6 completed at the base, no trial counts (2 skipped, 0 invalid) at the candidate',
    );
  });

  it('do not fail it for one of several, which may be chance, nor for what the base did not do', () => {
    const one = compared(total(quiet), [...total(quiet.slice(1)), ...failed(1)]);
    expect(failures(one)).not.toContain('completion does not regress');
    const never = compared([{ outcome: 'skipped' }], [{ outcome: 'skipped' }]);
    expect(failures(never)).not.toContain('completion does not regress');
  });
});
