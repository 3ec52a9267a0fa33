/** Reaching a QEMU's monitor socket, which may not be there yet. */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { MigbenchError, messageOf, systemErrorCode } from '../errors.ts';
import { abortError } from './errors.ts';

/** Longest path that fits in a Unix socket address on Linux, in bytes. */
const MAX_SOCKET_PATH_BYTES = 107;

/** First and longest wait between two attempts, in ms. */
const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 20;

/** The socket file is not there yet, nobody listens on it yet, or the backlog is full. */
const NOT_YET = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

export interface ConnectSocketOptions {
  readonly path: string;
  readonly label: string;
  /** On the clock of performance.now(), in ms. */
  readonly deadlineAtMs: number;
  readonly retryUntilListening: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A connected socket; it has read nothing yet, and the caller owns it.
 *
 * @throws MigbenchError `qmp-timeout` where nobody listened in time; `qmp-closed` where connecting failed for good;
 *   `host-unfit` where the path is too long; the signal's own reason, or `interrupted`, on abort.
 */
export async function connectSocket(options: ConnectSocketOptions): Promise<Socket> {
  const { path, label, deadlineAtMs, retryUntilListening, signal } = options;
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new MigbenchError(
      'host-unfit',
      `${label}: a Unix socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes; found ${path}. ` +
        `Use a folder with a shorter name.`,
    );
  }
  for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS)) {
    if (signal?.aborted === true) throw abortError(label, 'the QMP socket', signal);
    try {
      return await attempt(path);
    } catch (error) {
      if (!retryUntilListening || !NOT_YET.has(systemErrorCode(error) ?? '')) {
        throw new MigbenchError(
          'qmp-closed',
          `${label}: could not connect to the QMP socket ${path}: ${messageOf(error)}. ` +
            `Look at QEMU's log: is it running?`,
          { cause: error },
        );
      }
      if (performance.now() + pauseMs >= deadlineAtMs) {
        throw new MigbenchError(
          'qmp-timeout',
          `${label}: nobody listens on the QMP socket ${path} (${messageOf(error)}). ` +
            `Look at QEMU's log: did it start?`,
          { cause: error },
        );
      }
      await pause(pauseMs, label, signal);
    }
  }
}

function attempt(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

async function pause(ms: number, label: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted === true) throw abortError(label, 'the QMP socket', signal);
    throw error;
  }
}
