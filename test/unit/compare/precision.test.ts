/** When a run is precise enough; and that stopping on width makes no false alarms. */
import { describe, expect, it } from 'vitest';
import { metricOf } from '../../../harness/analysis/metrics.ts';
import { compareGroups } from '../../../harness/compare/index.ts';
import { isPrecise, precisionText, widthsOf } from '../../../harness/compare/precision.ts';
import { mulberry32 } from '../../../harness/plan/order.ts';
import { madeUpRun, trials } from './fixture.ts';

const around = (middle: number, spread: number, n: number) =>
  Array.from({ length: n }, (_, index) => middle * (1 + spread * (index / (n - 1) - 0.5)));
const cell = (figures: readonly (number | undefined)[], qemu = 'old') => ({
  labels: { qemu },
  observations: trials('totalTimeMs', figures),
});
const goal = { fraction: 0.05 };

describe('the medians of cells', () => {
  it('are precise once their intervals are narrow', () => {
    const narrow = widthsOf(madeUpRun([cell(around(2000, 0.05, 8))]), {});
    expect(narrow).toHaveLength(1);
    expect(narrow[0]?.width).toBeCloseTo(0.025, 10);
    expect(isPrecise(narrow, goal)).toBe(true);
    expect(precisionText(narrow, goal)).toBe('All 1 intervals are within ±5 %.');
    const wide = widthsOf(madeUpRun([cell(around(2000, 0.3, 8))]), {});
    expect(isPrecise(wide, goal)).toBe(false);
    expect(precisionText(wide, goal)).toMatch(
      /^1 of 1 intervals are not within ±5 % yet; the widest: total_time_ms of .+, ±15 %\.$/u,
    );
  });

  it('are not where there are too few trials', () => {
    const few = widthsOf(madeUpRun([cell([2000, 2000, 2000])]), {});
    expect(isPrecise(few, goal)).toBe(false);
    expect(precisionText(few, goal)).toContain('too few figures');
  });

  it('are left out where they cannot become so: censored ones', () => {
    const stuck = cell([2000, 2000, undefined, undefined, undefined, undefined, undefined]);
    const none = widthsOf(madeUpRun([stuck]), {});
    expect(none).toEqual([]);
    expect(precisionText(none, goal)).toMatch(/^No figure has an interval/u);
  });

  it('are not precise where one end is only known as "more than": more blocks will say', () => {
    const partly = widthsOf(madeUpRun([cell([1000, 1100, 1200, 1300, 1400, undefined])]), {});
    expect(partly).toHaveLength(1);
    expect(isPrecise(partly, goal)).toBe(false);
  });

  it('are exact where nothing varies', () => {
    expect(widthsOf(madeUpRun([cell(Array(6).fill(5))]), {})[0]?.width).toBe(0);
  });
});

describe('changes between builds', () => {
  it('have the width of their intervals', () => {
    const run = madeUpRun([cell(around(2000, 0.05, 8)), cell(around(3000, 0.05, 8), 'new')]);
    const [width] = widthsOf(run, { base: 'old' });
    expect(width?.label).toBe('idle · precopy: old → new');
    expect(width?.width).toBeGreaterThan(0.01);
    expect(width?.width).toBeLessThan(0.03);
  });

  it('give no more false alarms for having been stopped on', () => {
    const random = mulberry32(11);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const figure = () => Math.round(2000 * Math.exp(0.05 * normal()));
    const RUNS = 2000;
    let alarms = 0;
    let blocks = 0;
    for (let index = 0; index < RUNS; index += 1) {
      const old = Array.from({ length: 6 }, figure);
      const now = Array.from({ length: 6 }, figure);
      let run = madeUpRun([cell(old), cell(now, 'new')]);
      while (old.length < 30 && !isPrecise(widthsOf(run, { base: 'old' }), { fraction: 0.04 })) {
        old.push(figure());
        now.push(figure());
        run = madeUpRun([cell(old), cell(now, 'new')]);
      }
      blocks += old.length;
      const { verdict } = compareGroups(run, 'qemu', {
        metrics: [metricOf('totalTimeMs')],
        minimumChange: 0,
      });
      if (verdict === 'regressed' || verdict === 'improved') alarms += 1;
    }
    // The blocks must differ, or nothing was tried.
    expect(blocks / RUNS).toBeGreaterThan(8);
    expect(alarms / RUNS).toBeLessThan(0.06);
  }, 120_000);
});
