/** Lines keep their places whatever the chunks of the file are. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLines, type FileLine } from '../../../harness/record/lines.ts';
import { temporaryFolder } from './temporary.ts';

async function linesOf(path: string): Promise<readonly FileLine[]> {
  const lines = [];
  for await (const line of readLines(path)) lines.push(line);
  return lines;
}

test('numbers, offsets and the missing last newline', async () => {
  const path = join(await temporaryFolder(), 'lines');
  await writeFile(path, 'é\n\nlast');
  expect(await linesOf(path)).toEqual([
    { text: 'é', number: 1, offset: 0, terminated: true },
    { text: '', number: 2, offset: 3, terminated: true },
    { text: 'last', number: 3, offset: 4, terminated: false },
  ]);
});

test('a line longer than a chunk of the stream is whole', async () => {
  const path = join(await temporaryFolder(), 'lines');
  await writeFile(path, `${'ä'.repeat(100_000)}\nb\n`);
  const lines = await linesOf(path);
  expect(lines.map((line) => [line.text.length, line.offset])).toEqual([
    [100_000, 0],
    [1, 200_001],
  ]);
});

test('the lines are the file', async () => {
  const path = join(await temporaryFolder(), 'lines');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), async (parts) => {
      const text = parts.join('\n');
      await writeFile(path, text);
      const lines = await linesOf(path);
      expect(lines.map((line) => line.text + (line.terminated ? '\n' : '')).join('')).toBe(text);
    }),
    { numRuns: 50 },
  );
});
