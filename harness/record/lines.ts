/** Reading a file of lines one line at a time, with the place of each, so that memory use is that of one line. */
import { createReadStream } from 'node:fs';

/** A line of a file, without its newline. */
export interface FileLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Where the line begins, in bytes from the start of the file. */
  readonly offset: number;
  /** False for a last line that has no newline: its writer was interrupted. */
  readonly terminated: boolean;
}

const NEWLINE = 0x0a;

/** The lines of a file, in order; an empty file has none. */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  let pending: Buffer[] = [];
  let offset = 0;
  let number = 1;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end === -1) break;
      const bytes = Buffer.concat([...pending, chunk.subarray(start, end)]);
      pending = [];
      yield { text: bytes.toString('utf8'), number, offset, terminated: true };
      offset += bytes.length + 1;
      number += 1;
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) {
    const text = Buffer.concat(pending).toString('utf8');
    yield { text, number, offset, terminated: false };
  }
}
