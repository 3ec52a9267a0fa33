/** The program that reads the guest's memory beside QEMU (ram-reader.c): started, spoken to, and given back. */
import { readdirSync, readlinkSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { deadline } from '../../deadline.ts';
import { MigbenchError } from '../../errors.ts';
import type { Machine } from '../../qemu/machine.ts';
import type { Sandbox } from '../../sandbox/host.ts';
import { hostProgram } from '../../sandbox/process.ts';
import type { RunningProcess } from '../../sandbox/running.ts';
import { SPREAD } from './schedule.ts';

/** How long an answer may take beyond what was asked to last, ms; and what reading all memory adds, at 128 MiB/s. */
const ANSWER_TIMEOUT_MS = 60_000;
const SLOWEST_BYTES_PER_MS = (128 * 1024 * 1024) / 1000;

/** How long an answer may take for which all of a guest's memory is read, ms. */
export function readingTimeoutMs(memoryBytes: number): number {
  return ANSWER_TIMEOUT_MS + memoryBytes / SLOWEST_BYTES_PER_MS;
}

/** One reading of all memory. */
export interface Snapshot {
  readonly index: number;
  /** Its beginning, on the clock of `performance.now()`, ms. */
  readonly atMs: number;
  /** By how much its latest chunk was late, ms. */
  readonly lateMs: number;
  readonly nonZeroPages: number;
  /** Pages of host memory that the guest holds. */
  readonly heldPages: number;
  readonly cpuMs: number;
}

export interface Comparison {
  readonly changedPages: number;
  /** Between the two readings of a page, on average. */
  readonly windowMs: number;
  /** By how much that differs between parts of memory, on average. */
  readonly unevenMs: number;
}

/** Pages that were dirtied again. */
export interface Delta {
  readonly sampledPages: number;
  readonly changedPages: number;
  /** When only what differs is told; a page that would become longer counts whole. */
  readonly encodedBytes: number;
  readonly overflows: number;
  readonly changedBytes: number;
  readonly windowMs: number;
}

/**
 * The file of a QEMU's guest memory, as this process can open it.
 *
 * @throws MigbenchError `host-unfit` where it has none: its memory is not shared, or /proc does not show it.
 */
export function guestMemoryFile(machine: Machine): string {
  const folder = `/proc/${machine.process.pid ?? 0}/fd`;
  try {
    for (const name of readdirSync(folder)) {
      if (readlinkSync(`${folder}/${name}`).startsWith('/memfd:memory-backend-memfd')) {
        return `${folder}/${name}`;
      }
    }
  } catch (error) {
    throw new MigbenchError(
      'host-unfit',
      `The guest's memory cannot be read: ${folder} is closed to this user.`,
      { cause: error },
    );
  }
  throw new MigbenchError(
    'host-unfit',
    'The guest’s memory cannot be read: its QEMU has no shared memory file (guest.backend: memfd or hugepages).',
  );
}

export class RamReader implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string>;
  readonly #timeoutMs: number;

  private constructor(process: RunningProcess, timeoutMs: number) {
    this.#process = process;
    this.#timeoutMs = timeoutMs;
    if (process.stdout === undefined) throw new MigbenchError('internal', 'A reader needs pipes.');
    process.stdin?.on('error', () => undefined);
    this.#lines = createInterface({ input: process.stdout });
    this.#iterator = this.#lines[Symbol.asyncIterator]();
  }

  /** @throws MigbenchError `host-unfit` where the memory cannot be opened or mapped. */
  static async start(
    sandbox: Sandbox,
    program: string,
    file: string,
    bytes: number,
  ): Promise<RamReader> {
    const reader = new RamReader(
      sandbox.startClient(hostProgram(program), [file, `${bytes}`, `${SPREAD}`], { pipes: true }),
      readingTimeoutMs(bytes),
    );
    try {
      await reader.#answer('ready', ANSWER_TIMEOUT_MS);
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
    return reader;
  }

  /** One reading as fast as it goes; it also sets the pace of those to come. */
  async scan(): Promise<{ readonly tookMs: number; readonly zeroPages: number }> {
    this.#tell('scan');
    const [nanoseconds = 0, , zeroPages = 0] = await this.#answer('scan', this.#timeoutMs);
    return { tookMs: nanoseconds / 1e6, zeroPages };
  }

  /** Read on a schedule; resolves after the last reading. */
  async read(
    offsetsMs: readonly number[],
    onSnapshot: (snapshot: Snapshot) => void,
  ): Promise<Snapshot[]> {
    const zeroMs = performance.now() - Number(process.hrtime.bigint()) / 1e6;
    this.#tell(`read ${offsetsMs.join(' ')}`);
    const taken: Snapshot[] = [];
    const timeoutMs = (offsetsMs.at(-1) ?? 0) + this.#timeoutMs;
    while (taken.length < offsetsMs.length) {
      const numbers = await this.#answer('snapshot', timeoutMs);
      const [index = 0, atNs = 0, lateNs = 0, nonZeroPages = 0, heldPages = 0, cpuNs = 0] = numbers;
      const snapshot = {
        ...{ index, nonZeroPages, heldPages },
        ...{ atMs: atNs / 1e6 + zeroMs, lateMs: lateNs / 1e6, cpuMs: cpuNs / 1e6 },
      };
      taken.push(snapshot);
      onSnapshot(snapshot);
    }
    await this.#answer('done', ANSWER_TIMEOUT_MS);
    return taken.sort((one, other) => one.index - other.index);
  }

  /** Pages that differ between two readings. */
  async compare(from: number, to: number): Promise<Comparison> {
    this.#tell(`compare ${from} ${to}`);
    const numbers = await this.#answer('compare', this.#timeoutMs);
    const [changedPages = 0, windowNs = 0, unevenNs = 0] = numbers.slice(2);
    return { changedPages, windowMs: windowNs / 1e6, unevenMs: unevenNs / 1e6 };
  }

  /** Pages that are not zero among the last 1, 2, 4, … MiB of memory, up to all of it, in the last reading. */
  async tails(): Promise<readonly number[]> {
    this.#tell('tails');
    return this.#answer('tails', ANSWER_TIMEOUT_MS);
  }

  /** Write pages that are not zero, drawn evenly, to a file; gives how many. */
  async sample(pages: number, path: string): Promise<number> {
    this.#tell(`sample ${pages} ${path}`);
    return (await this.#answer('sample', ANSWER_TIMEOUT_MS))[0] ?? 0;
  }

  /** Copy pages that differ between two readings, and see what becomes of them within a window. */
  async delta(
    from: number,
    to: number,
    windowMs: number,
    pages: number,
    path: string,
  ): Promise<Delta> {
    this.#tell(`delta ${from} ${to} ${windowMs} ${pages} ${path}`);
    const numbers = await this.#answer('delta', windowMs + ANSWER_TIMEOUT_MS);
    const [sampledPages = 0, changedPages = 0, encodedBytes = 0, overflows = 0] = numbers;
    const [changedBytes = 0, windowNs = 0] = numbers.slice(4);
    return {
      ...{ sampledPages, changedPages, encodedBytes, overflows, changedBytes },
      windowMs: windowNs / 1e6,
    };
  }

  #tell(command: string): void {
    this.#process.stdin?.write(`${command}\n`);
  }

  /** The numbers of the next answer, which must be of this kind. */
  async #answer(kind: string, timeoutMs: number): Promise<number[]> {
    const line = await deadline(this.#iterator.next(), timeoutMs, () => {
      throw new MigbenchError(
        'host-unfit',
        `The reader of the guest's memory gave no answer within ${Math.round(timeoutMs / 1000)} s.`,
      );
    });
    const text = line.done === true ? 'nothing: it has ended' : line.value;
    const [word, ...numbers] = text.split(' ');
    if (word === kind) return numbers.map(Number);
    throw new MigbenchError(
      'host-unfit',
      `The reader of the guest's memory said ${text.replace(/^error /u, '')}.`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    await this.#process[Symbol.asyncDispose]();
  }
}
