/**
 * Bytes → JSON objects.
 *
 * QMP is a stream of JSON objects. QEMU ends each with CRLF, but nothing here relies on that: an object ends where its
 * braces do, wherever the stream was cut.
 */
import { isUtf8 } from 'node:buffer';
import { protocolError } from './errors.ts';

/** Any JSON object, as parsed. */
export type JsonObject = { readonly [name: string]: unknown };

/** Longest message accepted unless told otherwise, in bytes. The largest in practice is the schema's, 0.25 MB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** How much of the offending bytes an error quotes. */
const QUOTED_BYTES = 80;

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface FramerOptions {
  /** Called once per message, in order, with the parsed object and its text as received. */
  readonly onMessage: (message: JsonObject, text: string) => void;
  /** In bytes; by default DEFAULT_MAX_MESSAGE_BYTES. */
  readonly maxMessageBytes?: number;
}

export interface Framer {
  /**
   * Take the next bytes of the stream. Messages that are complete are handed on before an error is raised.
   *
   * @throws MigbenchError `qmp-protocol`, after which the framer must not be used.
   */
  push(chunk: Uint8Array): void;
  /** Bytes of a message that has begun and not ended; 0 between messages. */
  pendingBytes(): number;
}

/** A framer for one connection. The cost is linear in the bytes: each is looked at once and copied at most once. */
export function createFramer(options: FramerOptions): Framer {
  const limit = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let depth = 0;
  let inString = false;
  let escaped = false;

  const finish = (last: Uint8Array): void => {
    const bytes = held.length === 0 ? Buffer.from(last) : Buffer.concat([...held, last]);
    held = [];
    heldBytes = 0;
    if (bytes.length > limit) throw tooLong(bytes, limit);
    const text = textOf(bytes);
    options.onMessage(parse(text, bytes), text);
  };

  const push = (chunk: Uint8Array): void => {
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (depth === 0) {
        start = index;
        if (byte === OPEN_BRACE) depth = 1;
        else if (!isBlank(byte)) {
          throw protocolError(`expected a JSON object, found ${quoteBytes(chunk.subarray(index))}`);
        }
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1;
        if (depth === 0) finish(chunk.subarray(start, index + 1));
      }
    }
    if (depth === 0) return;
    const rest = Buffer.from(chunk.subarray(start));
    held.push(rest);
    heldBytes += rest.length;
    if (heldBytes > limit) throw tooLong(held[0] ?? rest, limit);
  };

  return { push, pendingBytes: () => heldBytes };
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB || byte === LINE_FEED || byte === CARRIAGE_RETURN;
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw protocolError(`a message is not UTF-8: ${quoteBytes(bytes)}`);
  return bytes.toString('utf8');
}

function parse(text: string, bytes: Uint8Array): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (error) {
    throw protocolError(`a message is not JSON: ${quoteBytes(bytes)}`, error);
  }
}

function tooLong(bytes: Uint8Array, limit: number): Error {
  return protocolError(`a message is longer than ${limit} bytes: ${quoteBytes(bytes)}`);
}

/** Bytes for an error message: printable ASCII as it is, all else as `\xNN`, shortened. */
export function quoteBytes(bytes: Uint8Array): string {
  let quoted = '';
  for (const byte of bytes.subarray(0, QUOTED_BYTES)) {
    if (byte === BACKSLASH) quoted += '\\\\';
    else if (byte >= 0x20 && byte < 0x7f) quoted += String.fromCharCode(byte);
    else quoted += `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  const more = bytes.length - QUOTED_BYTES;
  return more > 0 ? `«${quoted}»… (${more} more bytes)` : `«${quoted}»`;
}
