/**
 * A stream from source to destination that competes with the migration for its link: datagrams at a constant rate,
 * by a sender and a receiver of their own (stream.c). What of it has crossed the link is what the destination's kernel
 * counts: nothing else on that host receives datagrams.
 */
import { createInterface } from 'node:readline';
import { deadline } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import type { Host } from './host.ts';
import type { Program } from './process.ts';
import { describeExit, type RunningProcess } from './running.ts';

/** Port of the receiver; the destination's host has all ports for itself. */
const STREAM_PORT = 4480;
/** What each datagram takes on the link: 1472 bytes, and UDP, IP and Ethernet before them. */
export const FRAME_BYTES = 1514;
/** How long each of the two may take to start, and the sender to say what it did, ms. */
const STEP_TIMEOUT_MS = 5_000;

/** What the sender did. Bytes are those of whole frames. */
export interface SentStream {
  readonly sentBytes: number;
  /** Not taken by the sender's own sockets, because the queue of the link was full. */
  readonly refusedBytes: number;
  readonly durationMs: number;
}

/** A stream that runs. Disposing of it ends it at once. */
export class Stream implements AsyncDisposable {
  readonly #sender: Lines;
  readonly #receiver: Lines;

  private constructor(sender: Lines, receiver: Lines) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** @throws MigbenchError `host-unfit` where either does not start. */
  static async start(
    program: Program,
    hosts: { readonly source: Host; readonly destination: Host },
    bitsPerSecond: number,
  ): Promise<Stream> {
    const { source, destination } = hosts;
    const to = [destination.migrationAddress, `${STREAM_PORT}`];
    const pipes = { pipes: true } as const;
    const receiver = new Lines(destination.start(program, ['receive', ...to], pipes), 'receiver');
    try {
      await receiver.next();
      const sender = new Lines(
        source.start(program, ['send', ...to, `${bitsPerSecond}`], pipes),
        'sender',
      );
      try {
        await sender.next();
        return new Stream(sender, receiver);
      } catch (error) {
        await sender[Symbol.asyncDispose]();
        throw error;
      }
    } catch (error) {
      await receiver[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @throws MigbenchError `host-unfit` where the sender has ended before. */
  async stop(): Promise<SentStream> {
    this.#sender.end();
    return parseSent(await this.#sender.next());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#sender[Symbol.asyncDispose](), this.#receiver[Symbol.asyncDispose]()]);
  }
}

/** The sender's last line. */
export function parseSent(line: string): SentStream {
  const found = /^sent (?<sent>\d+) refused (?<refused>\d+) ns (?<ns>\d+)$/u.exec(line)?.groups;
  if (found === undefined) {
    throw new MigbenchError('internal', `Expected what the competing stream sent, found: ${line}`);
  }
  return {
    sentBytes: Number(found['sent']) * FRAME_BYTES,
    refusedBytes: Number(found['refused']) * FRAME_BYTES,
    durationMs: Number(found['ns']) / 1e6,
  };
}

/**
 * Datagrams that have arrived at a host, from its /proc/net/snmp: taken, without a taker, and too many for the taker.
 *
 * @throws MigbenchError `internal` where the file is not what Linux writes.
 */
export function arrivedDatagrams(snmp: string): number {
  const [names, values] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' '));
  const count = (name: string) => Number(values?.[names?.indexOf(name) ?? -1] ?? NaN);
  const arrived = count('InDatagrams') + count('NoPorts') + count('InErrors');
  if (Number.isNaN(arrived)) {
    throw new MigbenchError('internal', 'Expected counters of UDP in /proc/net/snmp.');
  }
  return arrived;
}

/** One of the two processes, line by line. */
class Lines implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #role: string;

  constructor(process: RunningProcess, role: string) {
    const { stdin, stdout } = process;
    if (stdin === undefined || stdout === undefined) {
      throw new MigbenchError('internal', 'The competing stream needs processes with pipes.');
    }
    this.#process = process;
    this.#role = role;
    // A process that is gone is met by the missing line.
    stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<string> {
    const line = await deadline(this.#lines.next(), STEP_TIMEOUT_MS, () => undefined);
    if (line !== undefined && line.done !== true) return line.value;
    const exit = await this.#process.waitForExit(0);
    throw new MigbenchError(
      'host-unfit',
      `The ${this.#role} of the competing stream ` +
        `${exit === undefined ? `gave no answer within ${STEP_TIMEOUT_MS / 1000} s` : describeExit(exit)}.`,
    );
  }

  end(): void {
    this.#process.stdin?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
