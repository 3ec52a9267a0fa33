/** The file of a migration through a file: when it is there, and how large it is. */
import { stat } from 'node:fs/promises';
import { poll } from '../deadline.ts';
import { MigbenchError, systemErrorCode } from '../errors.ts';

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

/** How long a `cat` may take from the end of the source's stream to the end of the file, ms. */
const WRITTEN_TIMEOUT_MS = 30_000;
const BLOCK_BYTES = 512;

/**
 * Wait until the file is whole.
 *
 * @throws MigbenchError `qmp-timeout` where it never is.
 */
export async function awaitFile(
  file: string,
  signal: AbortSignal,
): Promise<Pick<SavedFile, 'bytes' | 'allocatedBytes'>> {
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
      timeoutMs: WRITTEN_TIMEOUT_MS,
      signal,
      late: () =>
        new MigbenchError(
          'qmp-timeout',
          `The source said completed, but ${file} was not written within ${WRITTEN_TIMEOUT_MS / 1000} s: is the disk full?`,
        ),
    },
  );
}
