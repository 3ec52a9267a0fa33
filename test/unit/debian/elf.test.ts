/** Telling how a file would be started. */
import { expect, it } from 'vitest';
import { executableKind, executableKindOf } from '../../../harness/debian/elf.ts';

function elf(interpreter: string | undefined): Buffer {
  const file = Buffer.alloc(512);
  file.writeUInt32BE(0x7f454c46, 0);
  file[4] = 2;
  file[5] = 1;
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(2, 56);
  file.writeUInt32LE(1, 64);
  if (interpreter !== undefined) {
    file.writeUInt32LE(3, 120);
    file.writeBigUInt64LE(256n, 128);
    file.writeBigUInt64LE(BigInt(interpreter.length + 1), 152);
    file.write(`${interpreter}\0`, 256);
  }
  return file;
}

it('tells dynamic programs, static ones and scripts apart', () => {
  expect(executableKindOf(elf('/lib64/ld-linux-x86-64.so.2'))).toEqual({
    kind: 'dynamic',
    interpreter: '/lib64/ld-linux-x86-64.so.2',
  });
  expect(executableKindOf(elf(undefined))).toEqual({ kind: 'static' });
  expect(executableKindOf(Buffer.from('#!/bin/sh -e\nexit\n'))).toEqual({
    kind: 'script',
    interpreter: ['/bin/sh', '-e'],
  });
  expect(executableKindOf(Buffer.from('#! /usr/bin/env  python3\n'))).toEqual({
    kind: 'script',
    interpreter: ['/usr/bin/env', 'python3'],
  });
  expect(executableKindOf(Buffer.from('#!\n'))).toEqual({ kind: 'other' });
  expect(executableKindOf(Buffer.from('hello'))).toEqual({ kind: 'other' });
  expect(executableKindOf(Buffer.alloc(0))).toEqual({ kind: 'other' });
});

it('reads a real program', () => {
  expect(executableKind(process.execPath).kind).toMatch(/^(dynamic|static)$/);
});
