/** Processor time of threads: literal readings, literal percents. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secondsBetween, threadSamples, ThreadTimes } from '../../../harness/observe/threads.ts';
import type { Machine } from '../../../harness/qemu/machine.ts';

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

it('what a reading does not have is as it was', () => {
  const readings = [
    reading(0, { 'source/main': 1, 'source/CPU 0/TCG': 5 }),
    reading(50, { 'source/CPU 0/TCG': 5.05 }),
    reading(100, {}),
    reading(150, { 'source/main': 1.025, 'source/CPU 0/TCG': 0 }),
    reading(200, { 'source/CPU 0/TCG': 0.01 }),
  ];
  expect(threadSamples(readings, 0).map(({ values }) => values)).toEqual([
    { 'source/CPU 0/TCG': 100 },
    {},
    { 'source/main': 50 },
    { 'source/CPU 0/TCG': 20 },
  ]);
  expect(secondsBetween(readings, 60, 170)).toEqual({
    'source/main': 0.025,
    'source/CPU 0/TCG': 0.01,
  });
  expect(secondsBetween(readings, -10, 170)).toEqual({});
});

describe('reading threads', () => {
  /** Threads of a process of the number 7 in a folder that stands for /proc. */
  function fakeThreads() {
    const root = mkdtempSync(join(tmpdir(), 'migbench-proc-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const folder = (thread: number) => join(root, '7', 'task', String(thread));
    const machine = { label: 'source', process: { pid: 7 } } as Machine;
    return {
      times: new ThreadTimes([machine], root),
      put: (thread: number, name: string, nanoseconds: number) => {
        mkdirSync(folder(thread), { recursive: true });
        writeFileSync(join(folder(thread), 'comm'), `${name}\n`);
        writeFileSync(join(folder(thread), 'schedstat'), `${nanoseconds} 0 1\n`);
      },
      remove: (thread: number, file = '') =>
        rmSync(join(folder(thread), file), { recursive: true }),
    };
  }

  it('gives what has changed, and looks at a name no more once it was the same twice', () => {
    const { times, put, remove } = fakeThreads();
    put(7, 'qemu-system', 2e9);
    put(8, 'CPU 0/TCG', 500_000);
    put(9, 'qemu-system', 500_000);
    expect(times.changed()).toEqual(
      new Map([
        ['source/main', 2],
        ['source/CPU 0/TCG', 0.0005],
        ['source/other', 0.0005],
      ]),
    );
    expect(times.threads).toBe(3);
    expect(times.changed()).toEqual(new Map());
    remove(8, 'comm');
    expect(times.changed()).toEqual(new Map());
    put(9, 'worker', 600_000);
    expect(times.changed()).toEqual(
      new Map([
        ['source/worker', 0.0006],
        ['source/other', 0],
      ]),
    );
  });

  it('does not keep a name that a new thread has from its maker', () => {
    const { times, put } = fakeThreads();
    put(7, 'qemu-system', 0);
    put(8, 'live_migration', 1000);
    times.changed();
    put(8, 'multifdsend_0', 2000);
    expect([...times.changed().keys()]).toContain('source/multifdsend_0');
  });

  it('goes on with the others where one ends while it is read', () => {
    const { times, put, remove } = fakeThreads();
    put(7, 'qemu-system', 2e9);
    for (const thread of [8, 9, 10]) put(thread, `CPU ${thread - 8}/TCG`, 1e9);
    times.changed();
    remove(9, 'schedstat');
    expect(times.changed()).toEqual(new Map([['source/CPU 1/TCG', 0]]));
  });
});
