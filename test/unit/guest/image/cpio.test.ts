/** The initramfs archive, byte for byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpioArchive } from '../../../../harness/guest/image/cpio.ts';

describe('cpioArchive', () => {
  it('writes newc records', () => {
    const archive = cpioArchive([{ path: 'a', content: Buffer.from('xyz'), executable: true }]);
    const header = '070701' + '00000001' + '000081ed' + '00000000'.repeat(2) + '00000001';
    const rest = '00000000' + '00000003' + '00000000'.repeat(4) + '00000002' + '00000000';
    expect(archive.toString('latin1', 0, 116)).toBe(`${header}${rest}a\0xyz\0`);
    expect(archive.toString('latin1')).toContain('TRAILER!!!\0');
  });

  it('keeps every record on a boundary of four bytes, and is the same each time', () => {
    const entry = fc.record({
      path: fc.stringMatching(/^[a-z]{1,20}$/),
      content: fc.uint8Array({ maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        const archive = cpioArchive(entries);
        expect(archive.length % 4).toBe(0);
        expect(cpioArchive(entries).equals(archive)).toBe(true);
      }),
    );
  });
});
