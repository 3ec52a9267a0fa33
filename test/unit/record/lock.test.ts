/** Two writers at once are refused; a writer that was killed leaves no obstacle. */
import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunLock } from '../../../harness/record/lock.ts';
import { temporaryFolder } from './temporary.ts';

const refusal = { code: 'record', message: expect.stringContaining('Another migbench') as string };

test('a second writer is refused until the first is done', async () => {
  const directory = await temporaryFolder();
  {
    await using _ = await RunLock.acquire(directory);
    await expect(RunLock.acquire(directory)).rejects.toMatchObject(refusal);
  }
  await using _ = await RunLock.acquire(directory);
  expect(await readdir(directory)).toHaveLength(1);
});

test('of many that start together, at most one gets it', async () => {
  const directory = await temporaryFolder();
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => RunLock.acquire(directory)),
  );
  const locks = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(locks.length).toBeLessThanOrEqual(1);
  for (const lock of locks) await lock[Symbol.asyncDispose]();
  expect(await readdir(directory)).toEqual([]);
});

test('works in a folder whose path is longer than a socket may have', async () => {
  const directory = join(await temporaryFolder(), 'x'.repeat(120), 'y'.repeat(120));
  await mkdir(directory, { recursive: true });
  await using _ = await RunLock.acquire(directory);
  await expect(RunLock.acquire(directory)).rejects.toMatchObject(refusal);
});

test('a writer killed with SIGKILL does not block the next', async () => {
  const directory = await temporaryFolder();
  // A process that listens as a writer does: the lock of a foreign, then a dead process.
  const socket = join(directory, '.writer-0123456789abcdef.sock');
  const script = `require('net').createServer((s) => s.destroy()).listen(process.argv[1], () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await expect(RunLock.acquire(directory)).rejects.toMatchObject(refusal);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(await readdir(directory)).toEqual(['.writer-0123456789abcdef.sock']);
  await using _ = await RunLock.acquire(directory);
  expect(await readdir(directory)).toHaveLength(1);
});
