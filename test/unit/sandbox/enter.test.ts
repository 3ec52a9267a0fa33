/** Where the sandbox's scratch file system goes: over nothing that the run needs. */
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { chooseScratch } from '../../../harness/sandbox/enter.ts';

/** The candidates that every Debian has; some containers lack one. */
const candidates = ['/run', '/mnt', '/media', '/srv', '/opt'].filter((path) => existsSync(path));
const [first, second] = candidates as [string, string, ...string[]];

test('the first candidate that nothing needed lies below', () => {
  expect(chooseScratch('namespaces', [])).toBe(first);
  expect(chooseScratch('namespaces', ['/', '/usr', `/usr${first}`])).toBe(first);
  expect(chooseScratch('namespaces', [first])).toBe(second);
  // A path that does not exist can hide nothing.
  expect(chooseScratch('namespaces', [join(first, 'no', 'such', 'folder')])).toBe(first);
});

test('a link counts as what it points to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scratch-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(first, join(folder, 'link'));
  expect(chooseScratch('namespaces', [join(folder, 'link')])).toBe(second);
});

test('none left: an error that says what to do', () => {
  expect(() => chooseScratch('namespaces', candidates)).toThrow(
    expect.objectContaining({
      code: 'host-unfit',
      message: expect.stringContaining('Choose another --out.') as unknown,
    }),
  );
});

test('loopback: a new folder with a path short enough for sockets', () => {
  const one = chooseScratch('loopback', candidates);
  const two = chooseScratch('loopback', candidates);
  onTestFinished(() => [one, two].forEach((folder) => rmSync(folder, { recursive: true })));
  expect(one).not.toBe(two);
  expect(statSync(one).isDirectory()).toBe(true);
  expect(join(one, 'destination-migration').length).toBeLessThan(107);
});
