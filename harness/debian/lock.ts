/**
 * One maker at a time, across processes.
 *
 * A lock only saves doubled work: what is made is published by renaming, so two makers could not harm each other.
 * A holder renews its lock once per second; one that was killed is passed over after `STALE_MS`.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { MigbenchError, messageOf, systemErrorCode } from '../errors.ts';
import { cacheError, safeName, type CacheLayout } from './cache.ts';
import type { ProvisionOptions } from './progress.ts';

/** A lock that was not renewed for this long, in ms, belongs to no one. */
export const STALE_MS = 5_000;
/** How long to wait for another maker, in ms. */
const WAIT_MS = 30 * 60_000;
const RETRY_MS = 200;

async function describeHolder(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    return 'another migbench';
  }
}

/** Throws the `interrupted` error where the signal says so. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new MigbenchError('interrupted', 'Interrupted.');
}

/**
 * Do `work` while no other process on this cache does the work of the same name.
 *
 * @throws MigbenchError `host-unfit` where another process held the lock to the end of the wait; `interrupted`.
 */
export async function withLock<T>(
  layout: CacheLayout,
  name: string,
  options: Pick<ProvisionOptions, 'signal' | 'onProgress'>,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(layout.locks, safeName(name));
  const holderPath = `${path}.holder`;
  const deadline = performance.now() + WAIT_MS;
  let release: (() => Promise<void>) | undefined;
  try {
    await mkdir(layout.locks, { recursive: true });
  } catch (error) {
    throw cacheError(error, layout);
  }
  while (release === undefined) {
    throwIfAborted(options.signal);
    try {
      release = await lockfile.lock(path, {
        realpath: false,
        lockfilePath: `${path}.lock`,
        stale: STALE_MS,
        update: 1_000,
        // Published results stay whole even where a stopped process wakes up and finds its lock taken.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (systemErrorCode(error) !== 'ELOCKED') throw cacheError(error, layout);
      const holder = await describeHolder(holderPath);
      if (performance.now() > deadline) {
        throw new MigbenchError(
          'host-unfit',
          `Waited ${WAIT_MS / 60_000} minutes for ${holder}, which is making ${name}: end that process and try again.`,
        );
      }
      options.onProgress?.({
        phase: 'waiting',
        doneBytes: 0,
        detail: `${name}: waiting for ${holder}`,
      });
      await sleep(
        RETRY_MS,
        undefined,
        options.signal === undefined ? {} : { signal: options.signal },
      ).catch((reason: unknown) => {
        throwIfAborted(options.signal);
        throw new MigbenchError('internal', messageOf(reason), { cause: reason });
      });
    }
  }
  try {
    await writeFile(
      holderPath,
      `process ${process.pid} on ${hostname()} (since ${new Date().toISOString()})\n`,
    );
    return await work();
  } finally {
    await rm(holderPath, { force: true });
    // A lock that was declared stale meanwhile is no longer ours to give back.
    await release().catch(() => undefined);
  }
}
