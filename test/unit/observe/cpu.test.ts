/** /proc/PID/stat and /proc/stat. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  childrenCpu,
  hostCpu,
  parseHostStat,
  parseProcessStat,
  processCpuSeconds,
} from '../../../harness/observe/cpu.ts';

/** A line of a real QEMU's, with the name in its place. */
const stat = (name: string, user: number, system: number): string =>
  `4711 (${name}) S 4700 4700 4700 0 -1 4194560 91532 0 12 0 ${user} ${system} 0 0 20 0 5 0 312445 ` +
  '1183842304 65071 18446744073709551615 1 1 0 0 0 0 268444224 4096 16963 0 0 0 17 1 0 0 0 0 0\n';

test('user and system time of a process, in seconds', () => {
  expect(parseProcessStat(stat('qemu-system-x86', 1234, 66))).toBe(13);
});

test('whatever a process is called, its name is not counted', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(1e6), fc.nat(1e6), (name, user, system) => {
      expect(parseProcessStat(stat(name, user, system))).toBe((user + system) / 100);
    }),
    { examples: [[') S 1 2 3 4 5 6 7 8 9 10 11 12', 1, 2]] },
  );
});

test('what is no such line is unknown', () => {
  expect(parseProcessStat('')).toBeUndefined();
  expect(parseProcessStat('4711 (x) S 1 2')).toBeUndefined();
});

test('a process of one’s own can be read, one that is gone cannot', () => {
  expect(processCpuSeconds(process.pid)).toBeGreaterThan(0);
  expect(processCpuSeconds(undefined)).toBeUndefined();
  // The largest process id that Linux allows is 2²² − 1.
  expect(processCpuSeconds(2 ** 22)).toBeUndefined();
});

test('the host’s: idle and iowait are not busy, guest time is already in user time', () => {
  const text = 'cpu  1000 20 300 4000 500 6 70 8 900 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 1 2 3\n';
  expect(parseHostStat(text)).toEqual({ busySeconds: 14.04, totalSeconds: 59.04 });
});

test('what is no such text is unknown', () => {
  for (const text of ['', 'cpu  1 2 3\n', 'cpu0 1 2 3 4 5 6 7 8\n', 'cpu  a b c d e f g h\n']) {
    expect(parseHostStat(text), text).toBeUndefined();
  }
});

test('this host can be read', () => {
  const found = hostCpu();
  expect(found?.totalSeconds).toBeGreaterThan(found?.busySeconds ?? Infinity);
});

test('the children of a process, each with its name and its time', async () => {
  const child = spawn(process.execPath, ['-e', 'for (;;) ;'], { stdio: 'ignore' });
  try {
    await once(child, 'spawn');
    const until = performance.now() + 5_000;
    let found = childrenCpu(process.pid).get(child.pid ?? 0);
    while ((found?.seconds ?? 0) <= 0.01 && performance.now() < until) {
      found = childrenCpu(process.pid).get(child.pid ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(found?.seconds).toBeGreaterThan(0.01);
    expect(found?.name).not.toBe('');
  } finally {
    child.kill('SIGKILL');
  }
  expect(childrenCpu(2 ** 22)).toEqual(new Map());
});
