/** The guest's wall clock against the host's. */
import { expect, it } from 'vitest';
import type { Sample } from '../../../harness/guest/telemetry-samples.ts';
import { clockStep } from '../../../harness/observe/clock.ts';

const moments = {
  baselineFromMs: 0,
  baselineToMs: 1000,
  startedAtMs: 1000,
  stopAtMs: 2000,
  resumeAtMs: 2200,
  migratedAtMs: 2200,
  endedAtMs: 3200,
  completed: true,
};
/** @param behindMs how far the guest's clock is behind; @param delayMs how long the sample took. */
const sample = (atMs: number, behindMs: number, delayMs: number): Sample => ({
  arrivedMs: atMs + delayMs,
  sequence: atMs,
  guestMonotonicMs: atMs,
  guestRealtimeMs: 1.7e12 + atMs - behindMs,
  state: 'running',
  progress: 0,
  text: '',
});

it('a guest whose clock stood still in the pause is behind by it, whatever samples were delayed', () => {
  const samples = [
    sample(500, 0, 30),
    sample(900, 0, 1),
    sample(2300, 195, 80),
    sample(2400, 195, 1),
  ];
  expect(clockStep(samples, moments)).toBe(-195);
});

it('nothing is known without a sample from the destination, or where the guest stayed', () => {
  expect(clockStep([sample(500, 0, 1)], moments)).toBeUndefined();
  const both = [sample(500, 0, 1), sample(2400, 0, 1)];
  expect(clockStep(both, moments)).toBe(0);
  expect(clockStep(both, { ...moments, completed: false })).toBeUndefined();
});

it('a clock that drifts over a long migration does not step', () => {
  // It loses 1 ms in a second; the guest stood still for 200 ms, by which it is behind.
  const at = { ...moments, stopAtMs: 600_000, resumeAtMs: 600_200, endedAtMs: 660_000 };
  const every50 = Array.from({ length: 13_200 }, (_, index) => index * 50)
    .filter((atMs) => atMs < 600_000 || atMs > 600_200)
    .map((atMs) => sample(atMs, atMs / 1000 + (atMs > 600_000 ? 200 : 0), 1));
  const step = clockStep(every50, at) ?? NaN;
  expect(Math.abs(step + 200)).toBeLessThan(3);
  // Heard again only after 10 s: the first 2 s of that.
  const silent = every50.filter(({ sequence }) => sequence < 600_000 || sequence > 610_000);
  expect(Math.abs((clockStep(silent, at) ?? NaN) + 210)).toBeLessThan(3);
});

it('a migration of hours has more samples than a function takes arguments', () => {
  const samples = Array.from({ length: 400_000 }, (_, index) => sample(500 + index / 1000, 0, 1));
  expect(clockStep([...samples, sample(2400, 195, 1)], moments)).toBe(-195);
});
