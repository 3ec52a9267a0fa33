/** What ends the way into the sandbox, and what does not: with programs of the test's own in the place of unshare. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runInside } from '../../../harness/sandbox/enter.ts';
import { temporaryFolder } from '../../unit/record/temporary.ts';

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

test('one that is told to end before it listens has ended as it was told', async () => {
  const kind = { mode: 'loopback', guestNetwork: 'user', entrance: waiting, notes: [] } as const;
  const stop = new AbortController();
  const ended = runInside(kind, {
    ...{ entry: await entryOf("process.kill(process.pid, 'SIGKILL');"), job: {} },
    signal: stop.signal,
  });
  stop.abort();
  expect(await ended).toBe(130);
});

test('a program that is not there: what this host lacks', async () => {
  const entrance = { file: 'no-such-program', args: [] };
  const kind = { mode: 'loopback', guestNetwork: 'user', entrance, notes: [] } as const;
  const { signal } = new AbortController();
  const ended = runInside(kind, { entry: await entryOf(''), job: {}, signal });
  await expect(ended).rejects.toMatchObject({
    code: 'host-unfit',
    message: expect.stringContaining('no-such-program is not installed') as unknown,
  });
});
