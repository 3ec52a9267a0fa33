/**
 * Whether verdicts can be trusted, by simulation with 10,000 data sets per point; and the table of it in
 * docs/methodology.md. After a change that is meant:
 * UPDATE_TABLES=1 npx vitest run --project long test/long/trust.test.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../harness/paths.ts';
import { noises, simulate, type Noise, type Situation } from '../unit/compare/simulation.ts';

const DATA_SETS = 10_000;
const page = join(packageRoot, 'docs', 'methodology.md');
const BEGIN = '<!-- simulated: test/long/trust.test.ts -->\n';
const END = '<!-- end of simulated -->';

interface Point {
  readonly noise: Noise;
  readonly n: number;
  readonly design: Situation['design'];
}

const points: readonly Point[] = [
  ...noises.flatMap((noise) => [6, 10, 20, 30].map((n): Point => ({ noise, n, design: 'blocks' }))),
  ...noises.map((noise): Point => ({ noise, n: 20, design: 'runs' })),
];

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

it('calls few where nothing differs, holds the truth, sees a tenth, and is documented', async () => {
  const rows = points.map((point, index) => {
    const equal = simulate({ ...point, ratio: 1, seed: 1000 + index, dataSets: DATA_SETS });
    const slower = simulate({ ...point, ratio: 1.1, seed: 2000 + index, dataSets: DATA_SETS });
    const called = equal.regressed + equal.improved;
    const what = `${point.noise}, n = ${point.n}, ${point.design}`;
    // 3.1 standard errors: by chance once in a thousand.
    const chance = 3.1 * Math.sqrt((0.05 * 0.95) / DATA_SETS);
    expect(called, what).toBeLessThanOrEqual(0.05 + chance);
    expect(Math.min(equal.covered, slower.covered), what).toBeGreaterThanOrEqual(0.93);
    if (point.n >= 20 && point.design === 'blocks' && point.noise !== 'stepping') {
      expect(slower.regressed, what).toBeGreaterThanOrEqual(0.9);
    }
    return [
      point.noise,
      String(point.n),
      point.design === 'blocks' ? 'one run, in blocks' : 'two runs',
      percent(called),
      percent(equal.noChange),
      percent(equal.covered),
      percent(slower.covered),
      percent(slower.regressed),
      equal.detectable === undefined ? '–' : percent(equal.detectable),
    ];
  });
  const heads = [
    ...['noise', 'n per side', 'design', 'called though equal', '"no change" where equal'],
    ...['interval holds 1', 'interval holds 1.1', '+10 % called', 'said to be detectable'],
  ];
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const left = (i: number) => i === 0 || i === 2;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (left(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |\n`;
  const rule = line(
    widths.map((width, i) => (left(i) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)),
  );
  const table = `\n${line(heads)}${rule}${rows.map(line).join('')}\n`;
  const text = await readFile(page, 'utf8');
  const [before = '', rest = ''] = text.split(BEGIN);
  const [, after = ''] = rest.split(END);
  if (process.env['UPDATE_TABLES'] === '1') {
    await writeFile(page, `${before}${BEGIN}${table}${END}${after}`);
  }
  expect(await readFile(page, 'utf8'), 'docs/methodology.md').toContain(table);
});
