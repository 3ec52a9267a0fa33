/** When memory is read, and which readings are compared. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_WINDOWS_MS,
  scheduleOf,
  SPREAD,
  type Schedule,
} from '../../../harness/characterize/measure/schedule.ts';

/** Readings that are under way at the same time, at most. */
function atOnce({ offsetsMs }: Schedule, scanMs: number): number {
  const under = (moment: number) =>
    offsetsMs.filter((begin) => begin <= moment && moment - begin < SPREAD * scanMs).length;
  return Math.max(...offsetsMs.map(under));
}

describe('scheduleOf', () => {
  const usual = scheduleOf({ windowsMs: DEFAULT_WINDOWS_MS, scanMs: 60, durationMs: 60_000 });

  test('of the usual windows takes a minute and a half, for a guest that is read in 60 ms', () => {
    expect(usual.gridMs).toBe(1000);
    expect(usual.durationMs).toBe(90_000);
    const of = (windowMs: number) => usual.windows.find((one) => one.windowMs === windowMs)!;
    expect(of(60_000).pairs).toHaveLength(31);
    expect(of(60_000).independent).toBe(1);
    expect(of(1000).pairs).toHaveLength(90);
    // Four windows below a second, by turns.
    expect(of(50).pairs.length).toBeGreaterThanOrEqual(22);
  });

  test('reads a large guest less often', () => {
    const large = scheduleOf({ windowsMs: DEFAULT_WINDOWS_MS, scanMs: 900, durationMs: 60_000 });
    // 7.5 s would do; the longest window is a multiple of 10 s.
    expect(large.gridMs).toBe(10_000);
    expect(large.durationMs).toBe(170_000);
    expect(large.endMs).toBe(173_600);
    expect(large.offsetsMs.length).toBeLessThan(60);
  });

  test.each([100, 200, 450, 900, 1800, 2500, 3500, 5000, 7000])(
    'never has more readings under way than it can keep up with, and turns for each window: %d ms',
    (scanMs) => {
      const schedule = scheduleOf({ windowsMs: DEFAULT_WINDOWS_MS, scanMs, durationMs: 60_000 });
      expect(atOnce(schedule, scanMs)).toBeLessThan(SPREAD);
      for (const { windowMs, pairs } of schedule.windows) {
        expect(pairs.length, `${windowMs} ms`).toBeGreaterThanOrEqual(3);
        // In different places: they are no copies of one another.
        expect(new Set(pairs.map(([from]) => from)).size).toBe(pairs.length);
      }
      expect(schedule.durationMs).toBeLessThanOrEqual(15 * 60_000);
    },
  );

  test('ends after a quarter of an hour, with fewer turns, where a reading takes very long', () => {
    const huge = scheduleOf({
      windowsMs: DEFAULT_WINDOWS_MS,
      scanMs: 14_000,
      durationMs: 60_000,
    });
    expect(huge.durationMs).toBeLessThan(16 * 60_000);
    expect(huge.windows.every(({ pairs }) => pairs.length >= 1)).toBe(true);
    expect(atOnce(huge, 14_000)).toBeLessThan(SPREAD);
  });

  test('keeps no more readings of a long measurement than fit', () => {
    const long = scheduleOf({ windowsMs: [100, 1000, 3_600_000], scanMs: 60, durationMs: 60_000 });
    expect(long.gridMs).toBe(18_000);
    expect(long.offsetsMs.length).toBeLessThanOrEqual(2 * 301);
    expect(long.windows.every(({ pairs }) => pairs.length > 0)).toBe(true);
  });

  test('compares readings that lie as far apart as the window', () => {
    const windows = fc.uniqueArray(fc.integer({ min: 5, max: 30_000 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(windows, fc.integer({ min: 1, max: 2000 }), (windowsMs, scanMs) => {
        const schedule = scheduleOf({ windowsMs, scanMs, durationMs: 20_000 });
        const { offsetsMs } = schedule;
        expect([...offsetsMs].sort((one, other) => one - other)).toEqual(offsetsMs);
        expect(schedule.windows.map(({ windowMs }) => windowMs)).toEqual(
          [...windowsMs].sort((one, other) => one - other),
        );
        for (const { windowMs, pairs, independent } of schedule.windows) {
          expect(pairs.length).toBeGreaterThan(0);
          expect(independent).toBeLessThanOrEqual(pairs.length);
          for (const [from, to] of pairs) {
            const apart = offsetsMs[to]! - offsetsMs[from]!;
            expect(Math.abs(apart - windowMs)).toBeLessThanOrEqual(0.02 * windowMs);
          }
        }
      }),
    );
  });
});
