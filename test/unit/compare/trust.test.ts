/**
 * Whether verdicts can be trusted, by simulation: 2,000 data sets per point. The same with more of them, and the table
 * of docs/methodology.md, is test/long/trust.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { simulate, simulateFamily } from './simulation.ts';

const DATA_SETS = 2000;
/** Beyond the limit by chance with a probability of 0.1 %, for a true rate of 5 % and 2,000 data sets: 3.1 × 0.49 %. */
const CHANCE = 0.015;

const usual = { n: 20, design: 'blocks', ratio: 1, seed: 5, dataSets: DATA_SETS } as const;

describe('verdicts on simulated runs', { timeout: 60_000 }, () => {
  it.each(['log-normal', 'heavy-tailed', 'drifting', 'stepping'] as const)(
    'call few where nothing differs, and hold the truth: %s',
    (noise) => {
      const equal = simulate({ ...usual, noise });
      expect(equal.regressed + equal.improved).toBeLessThanOrEqual(0.05 + CHANCE);
      expect(equal.covered).toBeGreaterThanOrEqual(0.93);
    },
  );

  it.each(['log-normal', 'heavy-tailed', 'drifting'] as const)(
    'see a tenth more, with a σ of a twentieth and n = 20, in nine of ten: %s',
    (noise) => {
      const slower = simulate({ ...usual, noise, ratio: 1.1, seed: 6 });
      expect(slower.regressed).toBeGreaterThanOrEqual(0.9);
      expect(slower.improved).toBe(0);
      expect(slower.covered).toBeGreaterThanOrEqual(0.93);
    },
  );

  it('call anything at all in at most 5 % of comparisons of six cells', () => {
    const alarms = simulateFamily('heavy-tailed', 10, 1000, 7);
    expect(alarms).toBeLessThanOrEqual(0.05 + 3.1 * Math.sqrt((0.05 * 0.95) / 1000));
  });

  it('see the change that they say they would have seen in about 80 %', () => {
    const { detectable = 0 } = simulate({ ...usual, noise: 'log-normal', seed: 8 });
    const seen = simulate({ ...usual, noise: 'log-normal', ratio: 1 + detectable, seed: 9 });
    expect(detectable).toBeGreaterThan(0.03);
    expect(detectable).toBeLessThan(0.08);
    expect(seen.regressed).toBeGreaterThan(0.72);
    expect(seen.regressed).toBeLessThan(0.9);
    // And where most of it is the least change that counts.
    const coarse = { ...usual, noise: 'log-normal', minimumChange: 0.1 } as const;
    const { detectable: above = 0 } = simulate({ ...coarse, seed: 10 });
    const called = simulate({ ...coarse, ratio: 1 + above, seed: 11 });
    expect(above).toBeGreaterThan(0.11);
    expect(called.regressed).toBeGreaterThan(0.72);
    expect(called.regressed).toBeLessThan(0.9);
  });
});
