/** Which signals ask for an end in good order, and which end at once. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { interruptSignal } from '../../../harness/cli/interrupt.ts';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let others: Map<string, NodeJS.SignalsListener[]>;
let exits: unknown[];

beforeEach(() => {
  others = new Map(names.map((name) => [name, process.listeners(name)]));
  // The test runner's own would end it.
  for (const name of names) process.removeAllListeners(name);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  exits = [];
  vi.spyOn(process, 'exit').mockImplementation((code) => exits.push(code) as never);
});

afterEach(() => {
  for (const name of names) process.removeAllListeners(name);
  for (const [name, listeners] of others) {
    for (const listener of listeners) process.on(name as NodeJS.Signals, listener);
  }
  vi.restoreAllMocks();
});

test.each(names)('the first %s asks for an end in good order', (name) => {
  const signal = interruptSignal();
  expect(signal.aborted).toBe(false);
  process.emit(name, name);
  expect(signal.reason).toMatchObject({ code: 'interrupted' });
  expect(exits).toEqual([]);
});

test.each(['SIGINT', 'SIGTERM'] as const)('a second signal, %s, ends at once', (name) => {
  interruptSignal();
  process.emit('SIGINT', 'SIGINT');
  process.emit(name, name);
  expect(exits).toEqual([130]);
});

test('a lost terminal says so twice, and the run still ends in good order', () => {
  const signal = interruptSignal();
  process.emit('SIGHUP', 'SIGHUP');
  process.emit('SIGHUP', 'SIGHUP');
  expect(signal.aborted).toBe(true);
  expect(exits).toEqual([]);
});
