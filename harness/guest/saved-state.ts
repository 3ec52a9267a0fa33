/**
 * Saving a stopped guest to a file and restoring it, the same way on every QEMU build: saved through a socket, so that a
 * full disk is noticed here; restored through `exec:`.
 */
import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { deadline, poll, throwIfInterrupted } from '../deadline.ts';
import { isDiskFull, MigbenchError } from '../errors.ts';
import type { GuestShape } from '../plan/types.ts';
import type { Machine } from '../qemu/machine.ts';
import { shellQuoted } from '../sandbox/shell-quote.ts';
import { scaledTimeoutMs } from './timeouts.ts';

/**
 * Saving a guest may take long, but something must move within this time, ms. Nobody sees a `cat` move, nor a file that is
 * flushed: to restore a guest, and for a file system to take it, there is this time and what going through its memory
 * may take.
 */
const TRANSFER_TIMEOUT_MS = 60_000;
/** How often QEMU is asked whether it has finished, ms. */
const POLL_INTERVAL_MS = 5;

/**
 * Write the state of a stopped guest to `file`.
 *
 * @param shape of the guest: a slow file system may take longer for a large one.
 * @throws MigbenchError `guest` with QEMU's own words where it refuses, or where the file system does not take the file;
 *   `host-unfit` where the disk is full.
 */
export async function saveState(
  machine: Machine,
  socketPath: string,
  file: string,
  shape: Pick<GuestShape, 'memoryBytes'>,
  signal: AbortSignal,
): Promise<void> {
  rmSync(socketPath, { force: true });
  const server = createServer();
  const connection = new Promise<Socket>((resolve, reject) => {
    server.once('connection', resolve);
    server.once('error', reject);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  try {
    // The default limit of 128 MiB/s would hold up a large guest.
    await machine.qmp.execute('migrate-set-parameters', { 'max-bandwidth': 0 });
    await machine.qmp.execute('migrate', { uri: `unix:${socketPath}` });
    const socket = await deadline(connection, TRANSFER_TIMEOUT_MS, () => {
      throw tooSlow(machine, 'connect to save its state');
    });
    await transfer(socket, createWriteStream(file), signal, {
      source: {
        afterMs: TRANSFER_TIMEOUT_MS,
        error: () => tooSlow(machine, 'send any of its state'),
      },
      file: {
        afterMs: scaledTimeoutMs(TRANSFER_TIMEOUT_MS, shape),
        error: (afterMs) => fileTooSlow(file, afterMs),
      },
    });
    await waitForMigration(machine, TRANSFER_TIMEOUT_MS, signal);
  } catch (error) {
    throw diskError(error, file);
  } finally {
    server.close();
    rmSync(socketPath, { force: true });
  }
}

/**
 * Let a QEMU started with `-incoming defer` read a saved state, and wait until its guest runs.
 *
 * QEMU reads it through a `cat` of its own: fed by this process, the same bytes took a third of a second of its
 * processor time and twice as long.
 *
 * @param shape of the guest that was saved: a large one may take longer.
 * @throws MigbenchError `guest` where QEMU refuses the state, or does not get through it.
 */
export async function restoreState(
  machine: Machine,
  file: string,
  shape: Pick<GuestShape, 'memoryBytes'>,
  signal: AbortSignal,
): Promise<void> {
  await machine.qmp.execute('migrate-incoming', { uri: `exec:cat ${shellQuoted(file)}` });
  await waitForMigration(machine, scaledTimeoutMs(TRANSFER_TIMEOUT_MS, shape), signal);
  // A guest that was stopped when it was saved is still stopped.
  await machine.qmp.execute('cont');
}

/** How long a side of a transfer may stand still, and what is wrong after that. */
interface Patience {
  readonly afterMs: number;
  readonly error: (afterMs: number) => Error;
}

/** Copy until the end of the source and until the file is closed, however long it takes, as long as something moves. */
async function transfer(
  from: Socket,
  to: WriteStream,
  signal: AbortSignal,
  patience: { readonly source: Patience; readonly file: Patience },
): Promise<void> {
  const stall = new AbortController();
  let lastBytes = -1;
  let stillMs = 0;
  const watchdog = setInterval(() => {
    stillMs = from.bytesRead === lastBytes ? stillMs + TRANSFER_TIMEOUT_MS : 0;
    lastBytes = from.bytesRead;
    // A source that has ended, or whose bytes nobody takes, is not the one to wait for.
    const awaited = from.readableEnded || to.writableNeedDrain ? patience.file : patience.source;
    if (stillMs >= awaited.afterMs) stall.abort(awaited.error(stillMs));
  }, TRANSFER_TIMEOUT_MS);
  try {
    await pipeline(from, to, { signal: AbortSignal.any([signal, stall.signal]) });
  } catch (error) {
    throwIfInterrupted(signal);
    throw stall.signal.aborted ? stall.signal.reason : error;
  } finally {
    clearInterval(watchdog);
  }
}

/** Until QEMU says that its migration is over; later changes of settings are refused before that. */
async function waitForMigration(
  machine: Machine,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  await poll(
    async () => {
      const reply = await machine.qmp.execute('query-migrate');
      if (reply.status === 'failed' || reply.status === 'cancelled') {
        const words = reply['error-desc'] ?? 'no reason given';
        throw new MigbenchError(
          'guest',
          `The ${machine.label} QEMU could not carry over the saved guest: ${words}.${machine.ownWords}`,
        );
      }
      return reply.status === 'completed' ? true : undefined;
    },
    {
      intervalMs: POLL_INTERVAL_MS,
      timeoutMs,
      signal,
      late: () => tooSlow(machine, 'finish with the saved state', timeoutMs),
    },
  );
}

function tooSlow(machine: Machine, what: string, timeoutMs = TRANSFER_TIMEOUT_MS): MigbenchError {
  return new MigbenchError(
    'guest',
    `The ${machine.label} QEMU did not ${what} within ${Math.round(timeoutMs / 1000)} s. ` +
      `Look at its messages and at the load of this host.${machine.ownWords}`,
  );
}

function fileTooSlow(file: string, afterMs: number): MigbenchError {
  return new MigbenchError(
    'guest',
    `The file system did not take a saved guest within ${Math.round(afterMs / 1000)} s: ${file}. ` +
      'Look at its load, or choose an --out on a local disk.',
  );
}

function diskError(error: unknown, file: string): unknown {
  if (!isDiskFull(error)) return error;
  return new MigbenchError(
    'host-unfit',
    `The disk is full: a saved guest could not be written to ${file}. Free some space or choose another --out, ` +
      'then go on with --resume.',
    { cause: error },
  );
}
