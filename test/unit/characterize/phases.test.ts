/** Phases and drifts, and what is neither. */
import { describe, expect, test } from 'vitest';
import { phasesOf } from '../../../harness/characterize/phases.ts';
import { random } from './writer.ts';

const MIB = 1024 * 1024;
const noise = random(5);
const series = (mibAt: (second: number) => number, count = 60) =>
  Array.from({ length: count }, (_, second) => ({
    atMs: second * 1000,
    bytes: mibAt(second) * MIB * (0.95 + 0.1 * noise()),
  }));

describe('phasesOf', () => {
  test('finds two levels by turns', () => {
    const found = phasesOf(series((second) => (Math.floor(second / 5) % 2 === 0 ? 4 : 30)));
    expect(found.kind).toBe('phases');
    expect(found.levels![0]! / MIB).toBeCloseTo(4, 0);
    expect(found.levels![1]! / MIB).toBeGreaterThan(28);
  });

  test('finds a slow drift, and its size', () => {
    const found = phasesOf(series((second) => 10 + second / 3));
    expect(found.kind).toBe('drift');
    expect(found.levels![0]! / MIB).toBeGreaterThan(8);
    expect(found.levels![0]! / MIB).toBeLessThan(12);
    expect(found.levels![1]! / MIB).toBeGreaterThan(28);
    expect(phasesOf(series((second) => 30 - second / 3)).detail).toContain('-');
  });

  test.each<[string, (second: number) => number]>([
    ['the same all the time', () => 20],
    ['two levels in no order', () => (noise() < 0.5 ? 5 : 20)],
    ['the noise of an idle system', (second) => (second < 30 ? 0.1 : 0.3)],
    ['one outlier', (second) => (second === 30 ? 90 : 20)],
  ])('does not find any in %s', (_name, mibAt) => {
    expect(phasesOf(series(mibAt)).kind).toBe('steady');
  });

  test('says nothing of a few windows', () => {
    expect(phasesOf(series(() => 20, 5)).kind).toBe('unknown');
  });
});
