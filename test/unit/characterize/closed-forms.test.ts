/** Closed forms against a writer that really draws pages, and against figures worked out by hand. */
import { describe, expect, test } from 'vitest';
import { knownDirtyBytes, type Pattern } from '../../../harness/characterize/closed-forms.ts';
import { drawnPages } from './writer.ts';

/** Draws that are averaged. */
const SEEDS = 8;
const MIB = 1024 * 1024;
const writer = (pattern: Pattern, threads = 1) => ({
  pattern,
  threads,
  workingSetBytes: 16 * MIB,
  writtenBytesPerSecond: 10 * MIB,
});

describe('known dirty bytes', () => {
  test('of a sequential writer grow with the rate and stop at the working set', () => {
    expect(knownDirtyBytes(writer('sequential'), 500)).toBe(5 * MIB);
    expect(knownDirtyBytes(writer('sequential'), 1600)).toBe(16 * MIB);
    expect(knownDirtyBytes(writer('sequential', 4), 60_000)).toBe(16 * MIB);
  });

  test('of a random writer are n(1 − (1 − 1/n)^m)', () => {
    // n = 4096 pages, m = 4096 writes in 1.6 s: 1 − 1/e of them, but for 1/(2en).
    expect(knownDirtyBytes(writer('random'), 1600) / (16 * MIB)).toBeCloseTo(0.63217, 4);
    expect(knownDirtyBytes(writer('random'), 1)).toBeCloseTo(0.01 * MIB, -2);
  });

  test('of a hot-cold writer: nine tenths of the writes on a tenth of the pages', () => {
    // n = 4096: 410 hot; m = 4096 writes: 410(1 − e^(−0.9·4096/410)) + 3686(1 − e^(−0.1·4096/3686)).
    expect(knownDirtyBytes(writer('hot-cold'), 1600) / 4096).toBeCloseTo(409.95 + 387.6, 0);
  });

  test.each<[Pattern, number]>([
    ['random', 1],
    ['random', 3],
    ['hot-cold', 2],
    ['zipf', 1],
    ['zipf', 2],
    ['sequential', 2],
  ])('of a %s writer with %d threads are what one that draws pages dirties', (pattern, threads) => {
    for (const ms of [100, 1000, 8000]) {
      const expected = knownDirtyBytes(writer(pattern, threads), ms) / 4096;
      const writes = Math.floor((10 * 256 * ms) / 1000 / threads);
      const pages = 4096 / threads;
      let drawn = 0;
      for (let seed = 0; seed < SEEDS; seed += 1) {
        for (let thread = 0; thread < threads; thread += 1) {
          const count = Math.floor(pages * (thread + 1)) - Math.floor(pages * thread);
          drawn += new Set(drawnPages(pattern, count, writes, seed * 10 + thread + 1)).size / SEEDS;
        }
      }
      expect(drawn / expected, `${ms} ms`).toBeGreaterThan(0.97);
      expect(drawn / expected, `${ms} ms`).toBeLessThan(1.03);
    }
  });
});
