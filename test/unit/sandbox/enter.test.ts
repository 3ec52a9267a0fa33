/** Where the sandbox's scratch file system goes: over nothing that the run needs. And what ends the way into it. */
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { chooseScratch, runInside } from '../../../harness/sandbox/enter.ts';
import { temporaryFolder } from '../record/temporary.ts';

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

/** Stands for unshare: starts the measuring process, waits for it, and would die of SIGHUP. */
const waiting = { file: 'sh', args: ['-c', '"$@"; exit $?', 'sh'] };

/** A measuring process that tells `waiting` that the terminal is lost, and ends with 4 a little later. */
const HUNG_UP = `
process.on('SIGHUP', () => undefined);
process.kill(process.ppid, 'SIGHUP');
setTimeout(() => process.exit(4), 300);
`;

/** A measuring process that ends with 130 once it was interrupted, and with 5 where that was said twice. */
const INTERRUPTED = `
let said = 0;
process.stdin.setEncoding('utf8').on('data', (text) => {
  said += text.split('interrupt\\n').length - 1;
  if (said > 0) setTimeout(() => process.exit(said === 1 ? 130 : 5), 300);
});
`;

async function entryOf(script: string): Promise<string> {
  const entry = join(await temporaryFolder(), 'entry.mjs');
  writeFileSync(entry, script);
  return entry;
}

test('a lost terminal is told to the way into the sandbox too, which goes on', async () => {
  const kind = { mode: 'loopback', guestNetwork: 'user', entrance: waiting, notes: [] } as const;
  const { signal } = new AbortController();
  expect(await runInside(kind, { entry: await entryOf(HUNG_UP), job: {}, signal })).toBe(4);
});

test('an interruption is passed on once', async () => {
  const kind = { mode: 'loopback', guestNetwork: 'user', entrance: waiting, notes: [] } as const;
  const stop = new AbortController();
  const ended = runInside(kind, {
    ...{ entry: await entryOf(INTERRUPTED), job: {}, signal: stop.signal },
  });
  stop.abort();
  expect(await ended).toBe(130);
});
