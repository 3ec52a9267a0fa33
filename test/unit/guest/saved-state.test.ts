/** How long a guest may take to be saved and read: against a QEMU of words, on clocks that the test moves. */
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { restoreState, saveState } from '../../../harness/guest/saved-state.ts';
import type { Machine } from '../../../harness/qemu/machine.ts';
import { temporaryFolder } from '../record/temporary.ts';

afterEach(() => {
  vi.useRealTimers();
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

describe('a slow file system', () => {
  /** Save a guest whose file takes so many minutes to be closed; all its state was sent before. */
  async function save(memoryBytes: number, minutes: number) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const folder = await temporaryFolder();
    const file = join(folder, 'state');
    const close = fs.close;
    const closing = new Promise<() => void>((resolve) => {
      vi.spyOn(fs, 'close').mockImplementation((descriptor, done) =>
        resolve(() => close(descriptor, done)),
      );
    });
    const execute = (name: string, { uri }: { uri?: string } = {}) => {
      if (uri !== undefined) connect(uri.replace('unix:', '')).end('the state');
      return Promise.resolve(name === 'query-migrate' ? { status: 'completed' } : {});
    };
    const machine = { label: 'source', ownWords: '', qmp: { execute } } as never as Machine;
    const saved = saveState(
      ...([
        machine,
        join(folder, 's'),
        file,
        { memoryBytes },
        new AbortController().signal,
      ] as const),
    ).then(
      () => 'saved',
      (error: unknown) => String(error),
    );
    const flushed = await closing;
    vi.advanceTimersByTime(60_000 * minutes);
    flushed();
    return { ended: await saved, file };
  }

  test('that flushes a large guest for minutes is waited for', async () => {
    const { ended, file } = await save(4 * 2 ** 30, 3);
    expect(ended).toBe('saved');
    expect(await readFile(file, 'utf8')).toBe('the state');
  });

  test('that does not take a small one is given up, and the source is not blamed', async () => {
    const { ended } = await save(256 * 2 ** 20, 3);
    expect(ended).toMatch(/The file system did not take a saved guest within 1[28]0 s: .*state\./u);
  });
});
