/** The capacity table: what tells its rows apart. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { summarizeInPlanOrder } from '../../../harness/analysis/cells.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { readRun } from '../../../harness/record/reader.ts';
import { capacityTable } from '../../../reports/capacity.ts';
import { dimensionsOf, labelled } from '../../../reports/cell.ts';
import { linkExtras, linkText } from '../../../reports/link.ts';

const run = await readRun(join(packageRoot, 'test', 'fixtures', 'runs', 'every-outcome'));
const summaries = summarizeInPlanOrder(run);
const cells = labelled(summaries, dimensionsOf(summaries));

describe('capacityTable', () => {
  test('of plain links and of guests of different sizes has no columns for others', () => {
    const { heads, rows } = capacityTable(cells);
    expect(heads.map(({ title }) => title)).not.toEqual(expect.arrayContaining(['Link']));
    for (const { texts } of rows) expect(texts).toHaveLength(heads.length);
  });

  test('tells links of one bandwidth and guests of one size apart', () => {
    const [first, ...others] = cells;
    const changed = {
      ...first!,
      labels: { ...first!.labels, guest: '384MiB-2cpu', link: '1Gbit+20ms' },
      records: first!.records.map((record) => ({
        ...record,
        link: { ...record.link, delayUs: 20_000, lossPercent: 0.1 },
      })),
    };
    const { heads, columns, rows } = capacityTable([changed, ...others]);
    const at = (title: string) => heads.findIndex((head) => head.title === title);
    const row = rows.find(({ cell }) => cell === 0)!;
    expect(row.texts[at('Link')]).toBe('20 ms delay, 0.1% loss');
    expect(row.texts[at('Guest')]).toBe('384MiB-2cpu');
    expect(row.values[columns.indexOf('link')]).toBe('1Gbit+20ms');
    expect(rows.filter(({ texts }) => texts[at('Link')] === 'plain')).toHaveLength(rows.length - 1);
    for (const { texts, values } of rows) {
      expect(texts).toHaveLength(heads.length);
      expect(values).toHaveLength(columns.length);
    }
  });
});

test('a link in words', () => {
  expect(linkText({ bandwidthBitsPerSecond: 1e9 })).toBe('1 Gbit/s');
  expect(linkText({ bandwidthBitsPerSecond: 'unlimited', delayUs: 500 })).toBe(
    'unlimited, 500 µs delay',
  );
  expect(linkExtras({ bandwidthBitsPerSecond: 1e9, competingBitsPerSecond: 3e8 })).toBe(
    'beside 300 Mbit/s',
  );
});
