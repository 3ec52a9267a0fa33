/** What callers say to the QMP client when they connect and when they send a command. */
import type { MigbenchError } from '../errors.ts';
import type { Transcript } from './transcript.ts';

export interface QmpConnectOptions {
  /** Path of the Unix socket that QEMU listens on; 107 bytes at most. */
  readonly path: string;
  /** Which QEMU this is, for messages: `source`, `destination`. */
  readonly label: string;
  /** For the socket, the greeting and the negotiation together, in ms. */
  readonly connectTimeoutMs: number;
  /** For every command that has no deadline of its own, in ms. */
  readonly commandTimeoutMs: number;
  /** Ends connecting, and only that: commands and waits take a signal of their own. */
  readonly signal?: AbortSignal;
  /** Where to keep every message; none is kept without it. */
  readonly transcript?: Transcript;
  /** Wait for a socket that is not there yet; true unless told otherwise. */
  readonly retryUntilListening?: boolean;
  /** Enable out-of-band commands where QEMU offers them; false unless told otherwise. */
  readonly oob?: boolean;
  /** Longest message accepted, in bytes; 64 MiB unless told otherwise. */
  readonly maxMessageBytes?: number;
}

export interface ExecuteOptions {
  /** Instead of the client's `commandTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Ends the wait, not the command: QEMU carries it out all the same. */
  readonly signal?: AbortSignal;
  /** Send it out of band, past a busy main loop; needs a client connected with `oob` where QEMU offered it. */
  readonly oob?: boolean;
}

/** Why a connection ended; `error` where it broke and was not simply closed. */
export interface Closed {
  readonly reason: string;
  readonly error?: MigbenchError;
}
