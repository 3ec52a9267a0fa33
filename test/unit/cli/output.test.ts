/** Tables and paragraphs on standard output. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tableText, wrapText } from '../../../harness/cli/output.ts';

test('a table has no rules and no spaces at the ends of lines', async () => {
  const table = await tableText(
    [{ title: 'name' }, { title: 'size', align: 'right' }, { title: 'for' }],
    [
      ['tree', '12 B', 'qemu'],
      ['image', '3 B', ''],
    ],
  );
  expect(table).toBe('name   size  for\ntree   12 B  qemu\nimage   3 B\n');
});

test('text is wrapped between words', () => {
  expect(wrapText('one two  three\nfour', 10, '  ')).toBe('  one two\n  three\n  four\n');
  expect(wrapText('', 10)).toBe('');
});

test('no word is lost, and no line is too long that has two words', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, width) => {
      const lines = wrapText(text, width).split('\n');
      expect(lines.join(' ').trim()).toBe(text.split(/\s+/).filter(Boolean).join(' '));
      for (const line of lines) {
        expect(line.length <= width || !line.includes(' ')).toBe(true);
      }
    }),
  );
});
