/** Hostile names in every place of a record that takes one: they come out as text, in every format. */
import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import { marked } from 'marked';
import { beforeEach, describe, expect, test } from 'vitest';
import { writeReport } from '../../../reports/index.ts';
import { exampleRecord } from '../record/examples.ts';
import { hostileNames } from './hostile-names.ts';
import { runOf } from './fixture.ts';

/** Two settings each, so that there is something to choose. */
const records = hostileNames.flatMap((name, i) =>
  [name, 'precopy'].map((setting, j) =>
    exampleRecord({
      cellId: `${name}~${String(2 * i + j).padStart(8, '0')}`,
      trialId: `${name} ${j}`,
      labels: { workload: name, setting, link: name, guest: name, qemu: name },
      workload: { id: name, parameters: { [name]: name }, unit: name, loop: 'open' },
      outcome:
        i % 5 === 0
          ? { kind: 'failed', reason: 'migration-error', detail: name }
          : { kind: 'completed' },
      measurements: i % 5 === 0 ? {} : { totalTimeMs: 1000 + i + j, pauseMs: 10 + i - j },
      warnings: [{ code: name, message: name }],
    }),
  ),
);

const texts = new Map<string, string>();

/** Written once, by the first test that asks. */
async function written(): Promise<void> {
  if (texts.size > 0) return;
  const { files } = await writeReport(await runOf(records));
  for (const file of files) {
    texts.set(file.slice(file.indexOf('/report/') + 8), await readFile(file, 'utf8'));
  }
}

beforeEach(written, 60_000);

const text = (name: string) => texts.get(name) ?? '';

/** RFC 4180. */
function fieldsOf(csv: string): string[] {
  const fields: string[] = [];
  for (const match of csv.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  }
  return fields;
}

/** A spreadsheet takes it for a formula, and it is no number. */
function isFormula(field: string): boolean {
  return /^[=+\-@\t\r]/.test(field) && !/^-?\d+(\.\d+)?$/.test(field);
}

/** Elements of HTML text, by name. */
function elementsOf(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(/<([a-zA-Z!/][^\s>]*)/g)].map((match) => match[1] ?? ''));
}

const markdownElements = ['h1', 'h2', 'h3', 'p', 'strong', 'em', 'ul', 'li', 'pre', 'code'];
const tableElements = ['table', 'thead', 'tbody', 'tr', 'th', 'td'];

/** Nothing but what reports write: no links, images, or elements of others. */
function expectOurMarkdown(markdown: string): void {
  const html = marked.parse(markdown, { async: false, gfm: true });
  const ours = [...markdownElements, ...tableElements].flatMap((name) => [name, `/${name}`]);
  expect([...elementsOf(html)].filter((name) => !ours.includes(name))).toEqual([]);
}

describe('hostile names', () => {
  test('Markdown, rendered: no element but ours, and every row whole', () => {
    const markdown = text('report.md');
    expectOurMarkdown(markdown);
    const html = marked.parse(markdown, { async: false, gfm: true });
    const [results = ''] = /<tbody>[\s\S]*?<\/tbody>/.exec(html) ?? [];
    expect(results.match(/<tr>/g)).toHaveLength(2 * hostileNames.length);
    expect(results.match(/<td/g)).toHaveLength(2 * hostileNames.length * 13);
  });

  test.each(['trials.csv', 'cells.csv'])('%s: no formula', (name) => {
    const fields = fieldsOf(text(name));
    expect(fields.length).toBeGreaterThan(1000);
    expect(fields.filter(isFormula)).toEqual([]);
    expect(fields.some((field) => field.startsWith("'=cmd"))).toBe(true);
  });

  test('SVG: text only', () => {
    const charts = [...texts.keys()].filter((name) => name.endsWith('.svg'));
    expect(charts.length).toBeGreaterThan(2);
    for (const name of charts) {
      const elements = elementsOf(text(name));
      for (const forbidden of ['script', 'img', 'image', 'b', 'a', 'foreignObject', '!--']) {
        expect(elements.has(forbidden), `${name}: ${forbidden}`).toBe(false);
      }
      expect(text(name).replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+=/);
    }
  });

  test('the page: no element of theirs, no attribute of theirs', () => {
    const html = text('index.html')
      .replace(/<script[\s\S]*?<\/script>/g, '')
      .replace(/<style>[\s\S]*?<\/style>/g, '');
    const elements = elementsOf(html);
    for (const forbidden of ['script', 'img', 'svg', 'b', 'i', 'iframe', '!--']) {
      expect(elements.has(forbidden), forbidden).toBe(false);
    }
    expect(html.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+=/);
    // oxlint-disable-next-line no-control-regex -- they are what this is about
    expect(html).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
  });

  test('what the buttons copy', () => {
    const [, packed = ''] = /id="report-data">([^<]*)</.exec(text('index.html')) ?? [];
    const data = JSON.parse(inflateRawSync(Buffer.from(packed, 'base64')).toString()) as {
      tables: Record<string, { head: string[]; rows: { markdown: string; csv: string }[] }>;
      charts: { table: { head: string[]; rows: { markdown: string; csv: string }[] } }[];
    };
    const tables = [...Object.values(data.tables), ...data.charts.map(({ table }) => table)];
    expect(tables.length).toBeGreaterThan(4);
    for (const { head, rows } of tables) {
      expectOurMarkdown([...head, ...rows.map(({ markdown }) => markdown)].join('\n'));
      expect(rows.flatMap(({ csv }) => fieldsOf(csv)).filter(isFormula)).toEqual([]);
    }
  });
});
