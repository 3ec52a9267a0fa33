/** How the kernel would start a file: an ELF program's interpreter, or a script's. */
import { closeSync, openSync, readSync } from 'node:fs';

/** What a file is, as far as starting it is concerned. */
export type ExecutableKind =
  | { readonly kind: 'dynamic'; readonly interpreter: string }
  | { readonly kind: 'static' }
  | { readonly kind: 'script'; readonly interpreter: readonly string[] }
  | { readonly kind: 'other' };

const PT_INTERP = 3;

/** Tell a file's kind from its first bytes (64-bit little-endian ELF; scripts by `#!`). */
export function executableKindOf(head: Buffer): ExecutableKind {
  if (head.subarray(0, 2).toString('latin1') === '#!') {
    const line = head.subarray(2).toString('utf8').split('\n', 1)[0] ?? '';
    const match = /^\s*(\S+)(?:\s+(.*\S))?\s*$/.exec(line);
    const [, program, argument] = match ?? [];
    if (program === undefined) return { kind: 'other' };
    return {
      kind: 'script',
      interpreter: argument === undefined ? [program] : [program, argument],
    };
  }
  const isElf64 =
    head.length >= 64 && head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
  if (!isElf64) return { kind: 'other' };
  const tableAt = Number(head.readBigUInt64LE(32));
  const entrySize = head.readUInt16LE(54);
  const entries = head.readUInt16LE(56);
  for (let index = 0; index < entries; index += 1) {
    const at = tableAt + index * entrySize;
    if (at + 40 > head.length) break;
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const textAt = Number(head.readBigUInt64LE(at + 8));
    const text = head.subarray(textAt, textAt + Number(head.readBigUInt64LE(at + 32)));
    return { kind: 'dynamic', interpreter: text.toString('utf8').replace(/\0.*$/s, '') };
  }
  return { kind: 'static' };
}

/** Tell a file's kind. @throws Node's own error where it cannot be read. */
export function executableKind(path: string): ExecutableKind {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(16 * 1024);
    const length = readSync(file, head, 0, head.length, 0);
    return executableKindOf(head.subarray(0, length));
  } finally {
    closeSync(file);
  }
}
