/** The file of a migration through a file: when it is there, and how large it is. */
import { stat } from 'node:fs/promises';
import { poll } from '../deadline.ts';
import { MigbenchError, systemErrorCode } from '../errors.ts';
import { scaledTimeoutMs } from '../guest/timeouts.ts';
import type { GuestShape } from '../plan/types.ts';

/** What a migration through a file has beside that over a link. */
export interface SavedFile {
  /** Size as `ls` shows it, in bytes; of a mapped-ram file that of the guest's memory and more. */
  readonly bytes: number;
  /** What it takes on the disk: holes are left out. */
  readonly allocatedBytes: number;
  /** From `migrate-incoming` to the destination's RESUME, by the event's stamp, in ms. */
  readonly restoreMs: number;
}

/** A file as it was found, and when its reading began. */
export interface ReadFile extends Pick<SavedFile, 'bytes' | 'allocatedBytes'> {
  /** Monotonic time (performance.now) of `migrate-incoming`, ms. */
  readonly incomingAtMs: number;
}

/**
 * How long a `cat` may take from the end of the source's stream to the end of the file, ms; what the file system has still
 * to flush is as much as the guest has memory, so it gets that time too.
 */
const WRITTEN_TIMEOUT_MS = 30_000;
const BLOCK_BYTES = 512;

/**
 * Wait until the file is whole.
 *
 * @param guest that is in it: a large one may take longer.
 * @throws MigbenchError `qmp-timeout` where it never is.
 */
export async function awaitFile(
  file: string,
  guest: Pick<GuestShape, 'memoryBytes'>,
  signal: AbortSignal,
): Promise<Pick<SavedFile, 'bytes' | 'allocatedBytes'>> {
  const timeoutMs = scaledTimeoutMs(WRITTEN_TIMEOUT_MS, guest);
  return poll(
    async () => {
      try {
        const { size, blocks } = await stat(file);
        return { bytes: size, allocatedBytes: blocks * BLOCK_BYTES };
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    {
      intervalMs: 2,
      timeoutMs,
      signal,
      late: () =>
        new MigbenchError(
          'qmp-timeout',
          `The source said completed, but ${file} was not written within ${Math.round(timeoutMs / 1000)} s: is the disk full, or slow?`,
        ),
    },
  );
}
