/**
 * Reads the byte counters of both ends of the migration link, as their shapers keep them: one `tc` that stays, per
 * end, and answers in a fraction of a millisecond.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { deadline } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import type { LinkCounters } from './host.ts';
import { sentBytes } from './link.ts';
import type { RunningProcess } from './running.ts';
import { arrivedDatagrams } from './stream.ts';

/** Deadline of one reading, ms. */
const READING_TIMEOUT_MS = 5_000;

/** One end: a `tc -s -j -batch -` and the device it is asked for. */
export class LinkMeter implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #command: string;
  readonly #waiting: ((line: string) => void)[] = [];

  /** @param process started with pipes. */
  constructor(process: RunningProcess, device: string) {
    this.#process = process;
    this.#command = `qdisc show dev ${device}\n`;
    const { stdin, stdout } = process;
    if (stdin === undefined || stdout === undefined) {
      throw new MigbenchError('internal', 'The meter of the link needs a process with pipes.');
    }
    // A tc that is gone is met by the deadline of the reading.
    stdin.on('error', () => undefined);
    createInterface({ input: stdout }).on('line', (line) => {
      // One answer a line: an array that begins and ends there.
      if (line.trim() !== '') this.#waiting.shift()?.(line);
    });
  }

  /** Bytes that this end has sent. */
  async read(): Promise<number> {
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#process.stdin?.write(this.#command);
    const answer = await Promise.race([
      deadline(line, READING_TIMEOUT_MS, () => undefined),
      this.#process.exited.then(() => undefined),
    ]);
    if (answer === undefined) {
      throw new MigbenchError(
        'host-unfit',
        'tc, which reads the counters of the link, gave no answer.',
      );
    }
    return sentBytes(answer);
  }

  /**
   * Datagrams that have arrived at this end's host, whoever took them.
   *
   * @throws MigbenchError `host-unfit` where the meter has ended.
   */
  arrivedDatagrams(): number {
    const path = `/proc/${this.#process.pid ?? 0}/net/snmp`;
    try {
      return arrivedDatagrams(readFileSync(path, 'utf8'));
    } catch (error) {
      if (error instanceof MigbenchError) throw error;
      throw new MigbenchError('host-unfit', `Could not read ${path}.`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

/** Both ends at one moment. */
export async function readBoth(source: LinkMeter, destination: LinkMeter): Promise<LinkCounters> {
  const [toDestinationBytes, toSourceBytes] = await Promise.all([
    source.read(),
    destination.read(),
  ]);
  return { toDestinationBytes, toSourceBytes };
}
