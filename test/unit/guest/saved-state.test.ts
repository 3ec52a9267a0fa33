/** How long a saved guest may take to be read: against a QEMU of words, on a clock that its answers move. */
import { afterEach, expect, test, vi } from 'vitest';
import { restoreState } from '../../../harness/guest/saved-state.ts';
import type { Machine } from '../../../harness/qemu/machine.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A QEMU that takes so many seconds to read a state. */
function slowReader(seconds: number) {
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const told: string[] = [];
  const execute = (name: string) => {
    if (name !== 'query-migrate') told.push(name);
    else nowMs += 10_000;
    return Promise.resolve({ status: nowMs >= 1000 * seconds ? 'completed' : 'active' });
  };
  return { told, machine: { label: 'source', ownWords: '', qmp: { execute } } as never as Machine };
}

const restore = (machine: Machine, memoryBytes: number) =>
  restoreState(machine, '/run/state', { memoryBytes }, new AbortController().signal);

test('a large guest is given the time to be read', async () => {
  const { told, machine } = slowReader(150);
  await restore(machine, 4 * 2 ** 30);
  expect(told).toEqual(['migrate-incoming', 'cont']);
});

test('a small one that takes so long is stuck, and the message says how long that was', async () => {
  const { told, machine } = slowReader(150);
  await expect(restore(machine, 256 * 2 ** 20)).rejects.toThrow(
    /source QEMU did not finish with the saved state within 68 s/u,
  );
  expect(told).toEqual(['migrate-incoming']);
});
