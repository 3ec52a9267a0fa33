/** PNG of charts: with text, although no font of the host is used. */
import { readFile } from 'node:fs/promises';
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { renderPng } from '../../../reports/charts/render-png.ts';
import { writeReport } from '../../../reports/index.ts';
import { copyOfEveryOutcome } from './fixture.ts';

/** Width, height, and how many bytes of the picture's rows are not 0 or 255. */
function inspect(png: Uint8Array) {
  const bytes = Buffer.from(png);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  const data: Buffer[] = [];
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (bytes.subarray(at + 4, at + 8).toString() === 'IDAT') {
      data.push(bytes.subarray(at + 8, at + 8 + length));
    }
    at += length + 12;
  }
  const rows = inflateSync(Buffer.concat(data));
  return {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    grey: rows.filter((byte) => byte !== 0 && byte !== 255).length,
  };
}

const svg = (text: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><rect width="200" height="40" fill="white"/><text x="5" y="25" font-family="sans-serif" font-size="12">${text}</text></svg>`;

test('twice the size of the chart, with letters in it', async () => {
  const empty = inspect(await renderPng(svg('')));
  const written = inspect(await renderPng(svg('blackout ≤ 4 ms · 1.2 ×')));
  expect([written.width, written.height]).toEqual([400, 80]);
  expect(written.grey).toBeGreaterThan(empty.grey + 500);
});

test('of a report, beside the SVG that are there already', { timeout: 30_000 }, async () => {
  const directory = await copyOfEveryOutcome();
  await writeReport(directory, { formats: ['svg'] });
  const { files } = await writeReport(directory, { formats: ['png'] });
  expect(files).toHaveLength(8);
  for (const file of files) {
    expect(inspect(await readFile(file)).width).toBeGreaterThan(1000);
    expect((await readFile(file.replace(/png$/, 'svg'), 'utf8')).startsWith('<svg')).toBe(true);
  }
});
