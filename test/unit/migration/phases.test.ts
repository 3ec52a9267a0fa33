/** Phases out of events, in the orders that the four builds give them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { phasesOf, type PhaseEvent } from '../../../harness/migration/phases.ts';

const source = (atMs: number, status: string): PhaseEvent => ({
  ...{ side: 'source', name: 'MIGRATION', status, atMs },
});
const destination = (atMs: number, status: string): PhaseEvent => ({
  ...{ side: 'destination', name: 'MIGRATION', status, atMs },
});
const pass = (atMs: number, number: number): PhaseEvent => ({
  ...{ side: 'source', name: 'MIGRATION_PASS', pass: number, atMs },
});
const stop = (atMs: number): PhaseEvent => ({ side: 'source', name: 'STOP', atMs });
const resume = (atMs: number): PhaseEvent => ({ side: 'destination', name: 'RESUME', atMs });

describe('pre-copy', () => {
  test('7.2: MIGRATION_PASS after STOP is part of the switchover', () => {
    const events = [
      ...[source(1, 'setup'), destination(1, 'active'), pass(4, 1), source(5, 'active')],
      ...[pass(900, 2), stop(1000), pass(1001, 3), resume(1180), source(1190, 'completed')],
    ];
    expect(phasesOf(events, 2500)).toEqual([
      { name: 'setup', startMs: 0, endMs: 4 },
      { name: 'pass 1', startMs: 4, endMs: 900 },
      { name: 'pass 2', startMs: 900, endMs: 1000 },
      { name: 'switchover', startMs: 1000, endMs: 1180 },
      { name: 'aftermath', startMs: 1180, endMs: 2500 },
    ]);
  });

  test('11.1: no first pass is announced; it begins with active', () => {
    const events = [
      ...[source(1, 'setup'), source(3, 'active'), pass(700, 2), stop(800)],
      ...[source(801, 'device'), resume(850), source(855, 'completed')],
    ];
    expect(phasesOf(events, 900)).toEqual([
      { name: 'setup', startMs: 0, endMs: 3 },
      { name: 'pass 1', startMs: 3, endMs: 700 },
      { name: 'pass 2', startMs: 700, endMs: 800 },
      { name: 'switchover', startMs: 800, endMs: 850 },
      { name: 'aftermath', startMs: 850, endMs: 900 },
    ]);
  });

  test('cancelled: the last pass ends with it, and there is no switchover', () => {
    const events = [
      ...[source(1, 'setup'), pass(2, 1), source(3, 'active'), pass(500, 2)],
      ...[source(990, 'cancelling'), source(1000, 'cancelled'), destination(1002, 'failed')],
    ];
    expect(phasesOf(events, 1001)).toEqual([
      { name: 'setup', startMs: 0, endMs: 2 },
      { name: 'pass 1', startMs: 2, endMs: 500 },
      { name: 'pass 2', startMs: 500, endMs: 1000 },
      { name: 'aftermath', startMs: 1000, endMs: 1001 },
    ]);
  });

  test('a source that died: what had begun has no end', () => {
    expect(phasesOf([source(1, 'setup'), source(3, 'active'), pass(4, 1)], 50)).toEqual([
      { name: 'setup', startMs: 0, endMs: 4 },
      { name: 'pass 1', startMs: 4 },
    ]);
    expect(phasesOf([], 50)).toEqual([{ name: 'setup', startMs: 0 }]);
  });
});

describe('post-copy', () => {
  const begin = [source(1, 'setup'), pass(2, 1), source(3, 'active')];
  const passes = [
    { name: 'setup', startMs: 0, endMs: 2 },
    { name: 'pass 1', startMs: 2, endMs: 300 },
  ];

  test('7.2: postcopy-active before STOP', () => {
    const events = [
      ...begin,
      ...[source(299, 'postcopy-active'), stop(300), pass(301, 2)],
      ...[destination(310, 'postcopy-active'), resume(315), source(2000, 'completed')],
    ];
    expect(phasesOf(events, 3000)).toEqual([
      ...passes,
      { name: 'switchover', startMs: 300, endMs: 315 },
      { name: 'postcopy', startMs: 299, endMs: 2000 },
      { name: 'aftermath', startMs: 315, endMs: 3000 },
    ]);
  });

  test('11.1: STOP, device, postcopy-device, postcopy-active', () => {
    const events = [
      ...begin,
      ...[stop(300), source(301, 'device'), source(302, 'postcopy-device')],
      ...[source(306, 'postcopy-active'), destination(307, 'postcopy-active'), resume(308)],
      source(900, 'completed'),
    ];
    expect(phasesOf(events, 1000)).toEqual([
      ...passes,
      { name: 'switchover', startMs: 300, endMs: 308 },
      { name: 'postcopy', startMs: 306, endMs: 900 },
      { name: 'aftermath', startMs: 308, endMs: 1000 },
    ]);
  });
});

const anyEvent: fc.Arbitrary<PhaseEvent> = fc.record({
  side: fc.constantFrom('source', 'destination'),
  name: fc.constantFrom('MIGRATION', 'MIGRATION_PASS', 'STOP', 'RESUME', 'RESET'),
  status: fc.constantFrom('setup', 'active', 'device', 'postcopy-active', 'completed', 'cancelled'),
  pass: fc.nat({ max: 9 }),
  atMs: fc.nat({ max: 10_000 }),
});

test('whatever the events are: setup is first, and no pass of the source’s begins after its STOP', () => {
  fc.assert(
    fc.property(fc.array(anyEvent), (unsorted) => {
      const events = unsorted.toSorted((a, b) => a.atMs - b.atMs);
      const phases = phasesOf(events, 10_000);
      expect(phases[0]).toMatchObject({ name: 'setup', startMs: 0 });
      const stopMs = events.find(({ side, name }) => side === 'source' && name === 'STOP')?.atMs;
      for (const { name, startMs } of phases) {
        if (name.startsWith('pass ') && name !== 'pass 1') {
          expect(startMs).toBeLessThan(stopMs ?? Infinity);
        }
      }
    }),
  );
});

test('post-copy that lost its link and was recovered: the stretch in which it was paused', () => {
  const events = [
    ...[source(1, 'setup'), source(3, 'active'), stop(100), source(110, 'postcopy-active')],
    ...[resume(120), source(1300, 'postcopy-paused'), destination(1310, 'postcopy-paused')],
    ...[source(1500, 'postcopy-recover'), source(1520, 'postcopy-active')],
    source(3000, 'completed'),
  ];
  const phases = phasesOf(events, 3500);
  expect(phases).toContainEqual({ name: 'postcopy', startMs: 110, endMs: 3000 });
  expect(phases.filter(({ name }) => name === 'paused')).toEqual([
    { name: 'paused', startMs: 1300, endMs: 1520 },
  ]);
});

test('post-copy that stays paused: the pause has no end', () => {
  const events = [
    ...[source(1, 'setup'), source(3, 'active'), stop(100), source(110, 'postcopy-active')],
    ...[resume(120), source(1300, 'postcopy-paused')],
  ];
  expect(phasesOf(events, 3500)).toContainEqual({ name: 'paused', startMs: 1300 });
});
