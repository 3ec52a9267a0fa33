/** Processor time of threads: literal readings, literal percents. */
import { expect, it } from 'vitest';
import { threadSamples } from '../../../harness/observe/threads.ts';

const reading = (atMs: number, seconds: Record<string, number>) => ({
  atMs,
  seconds: new Map(Object.entries(seconds)),
});

it('percent of one processor since the reading before; idle threads are left out', () => {
  const readings = [
    reading(1000, { 'source/main': 1, 'source/CPU 0/TCG': 5, 'destination/main': 0.2 }),
    reading(1100, { 'source/main': 1.02, 'source/CPU 0/TCG': 5.1, 'destination/main': 0.2 }),
  ];
  expect(threadSamples(readings, 1000)).toEqual([
    { atMs: 100, kind: 'cpu', values: { 'source/main': 20, 'source/CPU 0/TCG': 100 } },
  ]);
});

it('a thread that appears counts from nothing, one that ended is gone', () => {
  const readings = [
    reading(0, { 'source/mig/src/main': 0.5 }),
    reading(50, { 'source/multifdsend_0': 0.01 }),
  ];
  expect(threadSamples(readings, 0)).toEqual([
    { atMs: 50, kind: 'cpu', values: { 'source/multifdsend_0': 20 } },
  ]);
});
