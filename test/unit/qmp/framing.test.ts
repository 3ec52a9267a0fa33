/** Bytes → messages, wherever the stream is cut. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { createFramer, quoteBytes, type JsonObject } from '../../../harness/qmp/framing.ts';

function frame(chunks: readonly Uint8Array[], maxMessageBytes?: number): JsonObject[] {
  const messages: JsonObject[] = [];
  const framer = createFramer({
    onMessage: (message) => messages.push(message),
    ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
  });
  for (const chunk of chunks) framer.push(chunk);
  return messages;
}

function errorOf(act: () => unknown): MigbenchError {
  try {
    act();
  } catch (error) {
    if (error instanceof MigbenchError) return error;
  }
  throw new Error('expected a MigbenchError');
}

describe('framing', () => {
  test('objects with CRLF, with blanks, and with nothing between them', () => {
    const text = '{"a":1}\r\n  {"b":{"c":[1,{"d":2}]}}\n{"e":3}{"f":4}';
    expect(frame([Buffer.from(text)])).toEqual([
      { a: 1 },
      { b: { c: [1, { d: 2 }] } },
      { e: 3 },
      { f: 4 },
    ]);
  });

  test('braces, quotes and backslashes inside text', () => {
    const message = { desc: 'a "}" and \\ and {[', '}{': '\\"' };
    expect(frame([Buffer.from(JSON.stringify(message))])).toEqual([message]);
  });

  test('an object over several lines', () => {
    expect(frame([Buffer.from('{\r\n  "a": [\r\n 1 ]\r\n}\r\n')])).toEqual([{ a: [1] }]);
  });

  test('any messages, cut at any bytes, are the same messages', () => {
    const messages = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), {
      maxLength: 8,
    });
    const ends = fc.constantFrom('\r\n', '\n', '', ' \t');
    fc.assert(
      fc.property(messages, ends, fc.array(fc.nat(), { maxLength: 40 }), (list, end, cuts) => {
        // Through JSON once, because JSON has no -0 and no lone surrogates in UTF-8.
        const bytes = Buffer.from(list.map((message) => JSON.stringify(message) + end).join(''));
        const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...at].map((start, index) => bytes.subarray(start, at[index]));
        expect(frame(chunks)).toEqual(
          list.map((one) => JSON.parse(JSON.stringify(one)) as unknown),
        );
      }),
    );
  });

  test('byte by byte, through a character of four bytes', () => {
    const bytes = Buffer.from('{"name":"🦉é"}\r\n');
    expect(frame([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual([{ name: '🦉é' }]);
  });

  test('a message of 4 MiB in small chunks costs linear time', () => {
    const bytes = Buffer.from(JSON.stringify({ blob: 'x'.repeat(4 * 1024 * 1024) }));
    const chunks = Array.from({ length: Math.ceil(bytes.length / 256) }, (_, index) =>
      bytes.subarray(index * 256, (index + 1) * 256),
    );
    expect(frame(chunks)).toHaveLength(1);
  });

  test('keeps nothing of the caller’s buffer', () => {
    const chunk = Buffer.from('{"a":');
    const messages: JsonObject[] = [];
    const framer = createFramer({ onMessage: (message) => messages.push(message) });
    framer.push(chunk);
    chunk.fill(0);
    expect(framer.pendingBytes()).toBe(5);
    framer.push(Buffer.from('1}'));
    expect(messages).toEqual([{ a: 1 }]);
    expect(framer.pendingBytes()).toBe(0);
  });
});

describe('what is not QMP', () => {
  test('garbage between messages is quoted, after what came before it was handed on', () => {
    const messages: JsonObject[] = [];
    const framer = createFramer({ onMessage: (message) => messages.push(message) });
    const error = errorOf(() => framer.push(Buffer.from('{"a":1}\r\n\u0000Oops "é"')));
    expect(messages).toEqual([{ a: 1 }]);
    expect(error.code).toBe('qmp-protocol');
    expect(error.message).toBe(
      'What arrived is not QMP: expected a JSON object, found «\\x00Oops "\\xc3\\xa9"»',
    );
  });

  test('garbage inside a message', () => {
    expect(errorOf(() => frame([Buffer.from('{"a":inf}')])).message).toBe(
      'What arrived is not QMP: a message is not JSON: «{"a":inf}»',
    );
    expect(errorOf(() => frame([Buffer.from('{"a":1]')])).code).toBe('qmp-protocol');
  });

  test('bytes that are not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('"}')]);
    expect(errorOf(() => frame([bytes])).message).toBe(
      'What arrived is not QMP: a message is not UTF-8: «{"a":"\\xff"}»',
    );
  });

  test('a message that is too long, whole or not yet ended', () => {
    const bytes = Buffer.from(JSON.stringify({ a: 'x'.repeat(100) }));
    expect(frame([bytes], bytes.length)).toHaveLength(1);
    expect(errorOf(() => frame([bytes], bytes.length - 1)).message).toContain('longer than 107');
    expect(errorOf(() => frame([bytes.subarray(0, 50)], 49)).message).toContain('longer than 49');
  });

  test('quotes are shortened', () => {
    expect(quoteBytes(Buffer.from(`\\${'x'.repeat(99)}`))).toBe(
      `«\\\\${'x'.repeat(79)}»… (20 more bytes)`,
    );
  });
});
