/** Rates over windows, and the load gate. */
import { describe, expect, it } from 'vitest';
import { judgeGate } from '../../../harness/guest/telemetry-gate.ts';
import { progressAt, rateBetween, type Sample } from '../../../harness/guest/telemetry-samples.ts';

function sample(arrivedMs: number, progress: number, over: Partial<Sample> = {}): Sample {
  return {
    arrivedMs,
    sequence: arrivedMs,
    guestMonotonicMs: arrivedMs,
    guestRealtimeMs: arrivedMs,
    state: 'running',
    progress,
    text: '',
    ...over,
  };
}

/** Samples every 50 ms from 0 to `untilMs`, with the progress of a function. */
function series(untilMs: number, progress: (atMs: number) => number): Sample[] {
  return Array.from({ length: untilMs / 50 + 1 }, (_, index) =>
    sample(index * 50, progress(index * 50)),
  );
}

const gate = { windowMs: 500, tolerance: 0.1, timeoutMs: 1000 };

describe('progressAt and rateBetween', () => {
  const samples = [sample(0, 0), sample(100, 10), sample(300, 50)];

  it('interpolate between samples', () => {
    expect(progressAt(samples, 0)).toBe(0);
    expect(progressAt(samples, 50)).toBe(5);
    expect(progressAt(samples, 200)).toBe(30);
    expect(rateBetween(samples, 50, 200)).toBeCloseTo(25 / 0.15);
  });

  it('know nothing outside of the samples', () => {
    expect(progressAt([], 5)).toBeUndefined();
    expect(progressAt(samples, -1)).toBeUndefined();
    expect(progressAt(samples, 301)).toBeUndefined();
    expect(rateBetween(samples, 200, 400)).toBeUndefined();
    expect(rateBetween(samples, 200, 200)).toBeUndefined();
  });
});

describe('judgeGate', () => {
  it('passes a steady load, with the later rate', () => {
    const samples = series(1000, (atMs) => atMs * 2);
    expect(judgeGate(samples, gate, 1000, 0)).toEqual({ kind: 'steady', ratePerSecond: 2000 });
  });

  it('waits for two whole windows', () => {
    const samples = series(900, (atMs) => atMs * 2);
    expect(judgeGate(samples, gate, 900, 0).kind).toBe('waiting');
  });

  it('does not count samples from before', () => {
    const samples = series(1000, (atMs) => atMs * 2);
    expect(judgeGate(samples, gate, 1000, 500).kind).toBe('waiting');
  });

  it('waits while the rate grows', () => {
    const samples = series(1000, (atMs) => atMs ** 2);
    expect(judgeGate(samples, gate, 1000, 0)).toMatchObject({
      kind: 'waiting',
      reason: expect.stringContaining('not steady'),
    });
  });

  it('waits while nothing is done: standing still is not steady', () => {
    const samples = series(1000, () => 7);
    expect(judgeGate(samples, gate, 1000, 0)).toMatchObject({
      reason: expect.stringContaining('no progress'),
    });
  });

  it('is broken once the program is gone', () => {
    const samples = [
      ...series(1000, (atMs) => atMs),
      sample(1050, 1000, { state: 'exited', text: 'code 1' }),
    ];
    expect(judgeGate(samples, gate, 1050, 0)).toMatchObject({
      kind: 'broken',
      reason: expect.stringContaining('code 1'),
    });
  });

  it('asks a guest without a load only to be alive', () => {
    const idle = series(1000, () => 0).map((one) => ({ ...one, state: 'none' as const }));
    expect(judgeGate(idle, undefined, 1000, 0).kind).toBe('steady');
    expect(judgeGate(idle, undefined, 2500, 0).kind).toBe('waiting');
  });
});
