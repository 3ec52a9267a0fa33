/** A trial's own copy of its guest's disk. */
import { rm } from 'node:fs/promises';
import { explainFullDisk, MigbenchError } from '../errors.ts';
import { hostProgram, run } from '../sandbox/process.ts';

/** Deadline for copying the guest's disk, ms. */
const TIMEOUT_MS = 600_000;

/** cp says in words what a system call says by a code; `run` gives it the C locale. */
const NO_ROOM = /: (?:No space left on device|Disk quota exceeded)/u;

/**
 * Copy a guest's disk, holes and all.
 *
 * @throws MigbenchError `host-unfit` with cp's own words; with a cause that `isDiskFull` knows where there is no room.
 */
export async function copyDisk(from: string, to: string, signal: AbortSignal): Promise<void> {
  try {
    // Most of a fresh database's disk is holes: neither the host's disk nor its cache should pay for them.
    await run(hostProgram('cp'), ['--sparse=always', '--reflink=auto', from, to], {
      timeoutMs: TIMEOUT_MS,
      errorCode: 'host-unfit',
      signal,
      purpose: 'copy the guest’s disk',
    });
  } catch (error) {
    // Half a copy is of no use, and takes the room that is to be freed.
    await rm(to, { force: true });
    throw withoutRoom(error, to);
  }
}

/** An error of cp as one of a full disk, where it says that it met one. */
export function withoutRoom(error: unknown, to: string): unknown {
  if (!(error instanceof MigbenchError) || error.code === 'interrupted') return error;
  if (!NO_ROOM.test(error.message)) return error;
  const what = `a trial’s copy of the guest’s disk could not be written to ${to}`;
  return explainFullDisk(Object.assign(new Error(what, { cause: error }), { code: 'ENOSPC' }));
}
