/** One command on its way to the guest agent: sent again until it is answered, or its time is over. */
import { randomBytes } from 'node:crypto';
import { MigbenchError } from '../errors.ts';

/** How long to wait, and what ends the wait early. */
export interface WaitOptions {
  /** Deadline in ms. */
  readonly timeoutMs: number;
  /** Ends the wait with an `interrupted` error. */
  readonly signal?: AbortSignal;
}

const FIRST_RESEND_MS = 50;
const LONGEST_RESEND_MS = 400;
/** How often a command that the guest is working on is asked after, in ms. */
const PENDING_RESEND_MS = 200;

/** A new command id: random, because a restored guest remembers the ids of its template's time. */
export function newCommandId(): string {
  return String(1n + (randomBytes(8).readBigUInt64LE() >> 1n));
}

/** A promise with a deadline, a signal and its two ends. */
export class Deadline<T> {
  readonly promise: Promise<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: Error) => void;
  readonly #stop: () => void;
  #settled = false;

  /** @param timedOut makes the error of a deadline that passed. */
  constructor(options: WaitOptions, what: string, timedOut: () => Error) {
    const { promise, resolve, reject } = withResolvers<T>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    const timer = setTimeout(() => this.reject(timedOut()), options.timeoutMs);
    const interrupt = (): void => {
      const reason: unknown = options.signal?.reason;
      // A signal may say more than "stop": that the guest's QEMU has ended, for one.
      this.reject(
        reason instanceof MigbenchError
          ? reason
          : new MigbenchError('interrupted', `Interrupted while waiting for ${what}.`),
      );
    };
    options.signal?.addEventListener('abort', interrupt, { once: true });
    this.#stop = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', interrupt);
    };
    if (options.signal?.aborted === true) interrupt();
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: T): void {
    this.#settle();
    this.#resolve(value);
  }

  reject(error: Error): void {
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#settled = true;
    this.#stop();
  }
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((first, second) => {
    resolve = first;
    reject = second;
  });
  return { promise, resolve, reject };
}

/** Sends a command now and again, at growing intervals, until it is stopped. */
export class Resender implements Disposable {
  readonly #send: () => void;
  #timer: NodeJS.Timeout | undefined;
  #intervalMs = FIRST_RESEND_MS;
  #pending = false;

  constructor(send: () => void) {
    this.#send = send;
    this.#again();
  }

  /** The guest has begun: ask after it at a steady, lower rate. */
  slowDown(): void {
    this.#pending = true;
  }

  #again(): void {
    this.#send();
    this.#timer = setTimeout(
      () => this.#again(),
      this.#pending ? PENDING_RESEND_MS : this.#intervalMs,
    );
    this.#intervalMs = Math.min(this.#intervalMs * 2, LONGEST_RESEND_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
