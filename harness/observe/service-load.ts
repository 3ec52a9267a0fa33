/**
 * The open loop: a request at every tick of a schedule, whatever became of the ones before. Times count from the tick,
 * so that a stall is counted once for each request it kept waiting.
 */
import { setTimeout as timer } from 'node:timers/promises';
import type { ServiceDefinition } from '../../workloads/types.ts';
import { deadline } from '../deadline.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import { openConnection, requestOf, type ServiceConnection } from './service-connection.ts';
import type { ServiceLog } from './service-job.ts';

/** How long one attempt to connect may take, and the pause before the next, ms. */
const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_PAUSE_MS = 20;
/** A tick that finds this many requests unanswered sends none: the guest shall not be buried when it comes back. */
const MOST_UNANSWERED = 1_000;
/** `{n}` is from 1 to this; the step is prime to it, so that all numbers come up, far from each other. */
const NUMBERS = 100_000;
const STEP = 38_197;

/** CLOCK_MONOTONIC, ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

interface Entry {
  readonly intendedMs: number;
  endedMs?: number;
  error?: string;
}

export class ServiceLoad {
  readonly #service: ServiceDefinition;
  readonly #host: string;
  readonly #periodMs: number;
  readonly #entries: Entry[] = [];
  #connection: ServiceConnection | undefined;
  #connections = 0;
  #unanswered = 0;
  #sent = 0;
  #whyNone = 'no connection yet';
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(service: ServiceDefinition, host: string, requestsPerSecond: number) {
    this.#service = service;
    this.#host = host;
    this.#periodMs = 1_000 / requestsPerSecond;
  }

  /**
   * Connect, and begin the schedule after the first good answer.
   *
   * @throws MigbenchError `guest` where there is no good answer within `timeoutMs`, with the last refusal that was one:
   * the last try may only have had no time left.
   */
  async start(timeoutMs: number): Promise<void> {
    const untilMs = monotonicMs() + timeoutMs;
    let refusal: string | undefined;
    while (!(await this.#firstAnswer(untilMs))) {
      if (monotonicMs() >= untilMs) {
        const last = this.#whyNone;
        const isAlone = refusal === undefined || refusal === last;
        throw new MigbenchError('guest', isAlone ? last : `${refusal}; at last: ${last}`);
      }
      refusal = this.#whyNone;
      await timer(RECONNECT_PAUSE_MS);
    }
    this.#connections = 1;
    void this.#keepConnected();
    const zeroMs = monotonicMs();
    const tick = () => {
      // A late timer catches up: no tick is left out.
      for (;;) {
        const intendedMs = zeroMs + this.#entries.length * this.#periodMs;
        const waitMs = intendedMs - monotonicMs();
        if (waitMs > 0) {
          this.#timer = setTimeout(tick, waitMs);
          return;
        }
        this.#send(intendedMs);
      }
    };
    tick();
  }

  /** End the schedule and the connection. */
  stop(): ServiceLog {
    this.#stopped = true;
    clearTimeout(this.#timer);
    // What is still unanswered stays so: a copy, before the end of the connection becomes its error.
    const requests = this.#entries.map((entry) => ({ ...entry }));
    this.#drop();
    return { requests, reconnects: Math.max(0, this.#connections - 1) };
  }

  async #firstAnswer(untilMs: number): Promise<boolean> {
    try {
      const leftMs = () => Math.max(1, Math.round(untilMs - monotonicMs()));
      await this.#connect(leftMs());
      const answer = this.#connection?.request(this.#text()) ?? Promise.resolve();
      await deadline(answer, leftMs(), () => {
        throw new MigbenchError('guest', 'a connection, but no answer');
      });
      return true;
    } catch (error) {
      this.#whyNone = messageOf(error);
      this.#drop();
      return false;
    }
  }

  async #connect(timeoutMs: number): Promise<void> {
    this.#connection = await openConnection(this.#service, this.#host, timeoutMs);
    this.#connections += 1;
  }

  #drop(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #keepConnected(): Promise<void> {
    for (;;) {
      if (this.#connection !== undefined) {
        this.#whyNone = await this.#connection.lost;
        this.#drop();
      }
      if (this.#stopped) return;
      try {
        await this.#connect(CONNECT_TIMEOUT_MS);
        if (this.#stopped) this.#drop();
      } catch (error) {
        this.#whyNone = messageOf(error);
        await timer(RECONNECT_PAUSE_MS);
      }
    }
  }

  #send(intendedMs: number): void {
    const entry: Entry = { intendedMs };
    this.#entries.push(entry);
    const connection = this.#connection;
    if (connection === undefined || this.#unanswered >= MOST_UNANSWERED) {
      entry.endedMs = monotonicMs();
      entry.error = connection === undefined ? this.#whyNone : 'too many requests are unanswered';
      return;
    }
    this.#unanswered += 1;
    const ended = (error?: string) => {
      this.#unanswered -= 1;
      entry.endedMs = monotonicMs();
      if (error !== undefined) entry.error = error;
    };
    connection.request(this.#text()).then(
      () => ended(),
      (error: unknown) => ended(messageOf(error)),
    );
  }

  #text(): string {
    this.#sent += 1;
    return requestOf(this.#service).replaceAll('{n}', String(((this.#sent * STEP) % NUMBERS) + 1));
  }
}
