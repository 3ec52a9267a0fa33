/**
 * The transcript of a QMP connection: every message, both ways, with its time on the monotonic clock.
 *
 * Entries are the texts themselves, in memory. Nothing is parsed, copied or written while measuring; `flush` writes one
 * JSON line per message: {"atMs":12.3,"direction":"send","message":{…}}. A message that was not JSON is a string.
 *
 * Memory is bounded: past `maxCharacters` (64 Mi by default: more than an hour of polling query-migrate at 20 Hz) the
 * oldest entries are dropped, and the file's first line says how many: {"direction":"dropped","count":…}.
 */
import { writeFile } from 'node:fs/promises';
import { isDiskFull, MigbenchError, messageOf } from '../errors.ts';

export type TranscriptDirection = 'send' | 'receive';

export interface TranscriptEntry {
  /** performance.now() at sending or arrival, in ms. */
  readonly atMs: number;
  readonly direction: TranscriptDirection;
  /** The JSON text as sent or received. */
  readonly text: string;
}

/** Bound on the sum of the entries' lengths, in characters. */
export const DEFAULT_MAX_CHARACTERS = 64 * 1024 * 1024;

/** Entries between two compactions of the array, so that dropping is cheap. */
const COMPACT_AFTER = 1024;

/** Lines that are written at once. */
const LINES_PER_WRITE = 512;

/** The messages of one or more connections, in order. */
export class Transcript {
  readonly #maxCharacters: number;
  #entries: TranscriptEntry[] = [];
  #first = 0;
  #characters = 0;
  #dropped = 0;

  constructor(options: { readonly maxCharacters?: number } = {}) {
    this.#maxCharacters = options.maxCharacters ?? DEFAULT_MAX_CHARACTERS;
  }

  /** Add a message. Cheap: the text is kept, not copied. */
  add(direction: TranscriptDirection, atMs: number, text: string): void {
    this.#entries.push({ atMs, direction, text });
    this.#characters += text.length;
    if (this.#characters > this.#maxCharacters) this.#dropOldest();
  }

  /** The entries that are still held, oldest first. */
  entries(): readonly TranscriptEntry[] {
    return this.#entries.slice(this.#first);
  }

  /** How many entries the bound has cost. */
  get droppedCount(): number {
    return this.#dropped;
  }

  /**
   * Write everything held to a file, replacing it.
   *
   * @throws MigbenchError `record` where the file cannot be written, `host-unfit` where the disk is full.
   */
  async flush(path: string): Promise<void> {
    try {
      await writeFile(path, this.#batches());
    } catch (error) {
      throw new MigbenchError(
        isDiskFull(error) ? 'host-unfit' : 'record',
        `Could not write the QMP transcript to ${path}: ${messageOf(error)}. Check the folder and its free space.`,
        { cause: error },
      );
    }
  }

  *#batches(): Generator<string> {
    const entries = this.entries();
    if (this.#dropped > 0) yield `{"direction":"dropped","count":${this.#dropped}}\n`;
    for (let index = 0; index < entries.length; index += LINES_PER_WRITE) {
      yield entries
        .slice(index, index + LINES_PER_WRITE)
        .map(lineOf)
        .join('');
    }
  }

  #dropOldest(): void {
    while (this.#characters > this.#maxCharacters) {
      const oldest = this.#entries[this.#first];
      if (oldest === undefined) return;
      this.#characters -= oldest.text.length;
      this.#first += 1;
      this.#dropped += 1;
    }
    if (this.#first < COMPACT_AFTER) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}

/** The message goes out as it came, so that large integers keep all their digits, unless it spans lines. */
function lineOf({ atMs, direction, text }: TranscriptEntry): string {
  return `{"atMs":${atMs.toFixed(3)},"direction":"${direction}","message":${oneLine(text)}}\n`;
}

function oneLine(text: string): string {
  if (text.startsWith('{') && !/[\r\n]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return JSON.stringify(text);
  }
}
