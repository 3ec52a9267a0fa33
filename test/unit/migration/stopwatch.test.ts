import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Stopwatch } from '../../../harness/migration/stopwatch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('laps follow each other; the same name adds up; a restart leaves time out', () => {
  const watch = new Stopwatch();
  expect(watch.laps).toEqual({});
  vi.advanceTimersByTime(100);
  watch.lap('start');
  vi.advanceTimersByTime(20);
  watch.lap('restore');
  vi.advanceTimersByTime(5000);
  watch.restart();
  vi.advanceTimersByTime(3);
  watch.lap('start');
  expect(watch.laps).toEqual({ start: 103, restore: 20 });
  expect(Object.keys(watch.laps)).toEqual(['start', 'restore']);
});
