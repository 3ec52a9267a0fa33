/** What is written of a comparison: the same bytes each time, readable, and harmless whatever names say. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { marked } from 'marked';
import { validateXML } from 'xmllint-wasm';
import { describe, expect, it, test } from 'vitest';
import {
  compareGroups,
  compareRuns,
  evaluateComparisonGate,
} from '../../../harness/compare/index.ts';
import type { Effect } from '../../../harness/compare/types.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { renderSvg } from '../../../reports/charts/render-svg.ts';
import { comparisonCharts } from '../../../reports/compare/chart.ts';
import {
  markdownComparison,
  terminalComparison,
  writeComparison,
} from '../../../reports/compare/index.ts';
import { changeText, effectIntervalText, pText, titleOf } from '../../../reports/compare/words.ts';
import { metricOf } from '../../../harness/analysis/metrics.ts';
import { madeUpRun, pairOf, quiet, sharp, trials } from '../compare/fixture.ts';
import { temporaryFolder } from '../record/temporary.ts';
import { hostile, slower } from './comparisons.ts';

describe('the words of a comparison', () => {
  it('write changes as percent, factors and differences', () => {
    const time = metricOf('totalTimeMs');
    expect(
      [1.12, 1.031, 0.969, 0.6, 2.4, 0.31, 1.00042, 1.00001].map((ratio) =>
        changeText('ratio', ratio, time),
      ),
    ).toEqual(['+12 %', '+3.1 %', '-3.1 %', '-40 %', '×2.4', '×0.31', '+0.04 %', '0 %']);
    expect(changeText('difference', -400, time)).toBe('-400 ms');
    expect(changeText('difference', 400, time)).toBe('+400 ms');
    const effect = { kind: 'ratio', confidence: 0.95 } as const;
    expect(effectIntervalText({ effect, metric: time })).toBe('n too small');
    expect(
      effectIntervalText({ effect: { ...effect, interval: { low: 1.5 } }, metric: time }),
    ).toBe('+50 % or more');
    expect([0.00001, 0.02166, undefined].map(pText)).toEqual(['<0.0001', '0.022', '–']);
  });
});

test('the title names runs by their directories, and groups by their names, whatever these are', () => {
  const side = (setting: string) => ({
    labels: { setting },
    observations: trials('totalTimeMs', quiet),
  });
  const run = madeUpRun([side('base'), side('candidate')]);
  expect(titleOf(compareGroups(run, 'setting', sharp))).toBe('setting base → candidate');
  expect(titleOf(compareRuns(...pairOf(quiet, quiet), sharp))).toBe('runs/one → runs/two');
});

describe('the chart of a comparison', () => {
  const comparison = slower();
  const cells = (effects: readonly Effect[]) =>
    effects.map((effect, i) => ({
      ...comparison.cells[0]!,
      label: `cell ${i}`,
      metrics: comparison.cells[0]!.metrics.map((each) => ({ ...each, effect })),
    }));
  const ratio = { kind: 'ratio', estimate: 1.5, confidence: 0.95 } as const;

  it('draws intervals with an open end up to the edge', async () => {
    const effects: Effect[] = [
      { ...ratio, interval: { low: 1.25, high: 2 } },
      { ...ratio, interval: { low: 1.25 } },
      { ...ratio, interval: { high: 2 } },
      { ...ratio, interval: {} },
      { ...ratio, interval: {}, beyond: 'above' },
      { ...ratio, estimate: 3 },
    ];
    const [chart] = comparisonCharts({ ...comparison, cells: cells(effects) }, 600);
    expect(chart?.spec.datasets).toMatchObject({
      intervals: [{ cell: 'cell 0', low: 25, high: 100 }],
      atLeast: [{ cell: 'cell 1', low: 25 }],
      atMost: [{ cell: 'cell 2', high: 100 }],
      unbounded: [{ cell: 'cell 3' }],
    });
    const bars = (await renderSvg(chart!.spec)).matchAll(
      /translate\((?<from>[\d.]+),[^>]* x2="(?<length>[-\d.]+)" y2="0"[^>]* stroke-width="2"/g,
    );
    const ends = [...bars].map(({ groups }) =>
      [Number(groups?.['from']), Number(groups?.['from']) + Number(groups?.['length'])]
        .toSorted((one, other) => one - other)
        .map(Math.round),
    );
    // From -20 to 200 % on 600 pixels.
    expect(ends).toEqual([
      [123, 327],
      [123, 600],
      [0, 327],
      [0, 600],
    ]);
  });
});

describe('a written comparison', () => {
  it('reads well on a terminal', () => {
    const text = terminalComparison(slower(), { color: false, width: 100 });
    expect(text).toContain(
      'runs/one → runs/two: Regressed: of 4 figures 1 worse, 1 without change, 2 inconclusive.',
    );
    expect(text).toMatch(/idle · precopy\n +base +candidate +change +interval +p\n/u);
    expect(text).toMatch(/Completed +6\/6 +6\/6 +– +no change\n/u);
    expect(text).toMatch(
      /Total time +2\.0\d s +2\.2\d s +\+10 % +\+8\.\d % … \+12 % +0\.0043 +regressed\n/u,
    );
    expect(text).toContain('inconclusive: fewer completed, but that may be chance');
    expect(text).toContain('note: Node: 20.19.0 → 22.0.0');
    expect(text.replace(/\n/g, ' ')).toContain('Holm correction for 2 tests');
  });

  it('is Markdown that says the same', () => {
    const html = marked.parse(markdownComparison(slower()), { async: false, gfm: true });
    expect(html).toContain('<h1>runs/one → runs/two</h1>');
    expect(html).toMatch(
      /<li><p>idle · precopy: total time \+10 % \(\+8\.\d % … \+12 %; median 2\.0\d s → 2\.2\d s\): regressed\.<\/p>/u,
    );
    const rows = html.match(/<tr>/g) ?? [];
    expect(rows).toHaveLength(5);
    expect(html.match(/<td/g)).toHaveLength(40);
  });

  it('is one page without a program, with provenance and charts, and the same bytes twice', async () => {
    const folder = await temporaryFolder();
    const first = await writeComparison(slower(), join(folder, 'a'));
    const second = await writeComparison(slower(), join(folder, 'b'));
    expect(first.map((path) => path.slice(folder.length))).toEqual([
      '/a/compare.json',
      '/a/compare.md',
      '/a/index.html',
    ]);
    for (const [index, path] of first.entries()) {
      expect(await readFile(path, 'utf8')).toBe(await readFile(second[index] ?? '', 'utf8'));
    }
    const page = await readFile(join(folder, 'a', 'index.html'), 'utf8');
    expect(page).toContain('<p class="count">Regressed: of 4 figures');
    expect(page).toContain('runs/one: 12 trials');
    expect(page).toContain('runs/two: 12 trials');
    expect(page.match(/<svg/g)).toHaveLength(1);
    expect(page).not.toContain('<script');
    expect(page.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:\/\//u);
    const json = JSON.parse(await readFile(join(folder, 'a', 'compare.json'), 'utf8')) as unknown;
    expect(json).toEqual(slower());
  });

  it('says what fails a gate, in every format, and as JUnit XML that is valid', async () => {
    const folder = await temporaryFolder();
    const gated = { ...slower(), gate: evaluateComparisonGate(slower(), []) };
    expect(await writeComparison(gated, folder)).toContain(join(folder, 'junit.xml'));
    const of = (name: string) => readFile(join(folder, name), 'utf8');
    const schema = await readFile(join(packageRoot, 'test/fixtures/schemas/junit.xsd'), 'utf8');
    const contents = await of('junit.xml');
    const checked = await validateXML({ xml: [{ fileName: 'junit.xml', contents }], schema });
    expect(checked.errors).toEqual([]);
    expect(contents).toMatch(/tests="6" failures="1" errors="0"/u);
    expect(contents).toContain('<failure type="threshold" message="total_time_ms does not regress');
    const sentence = 'Gate: failed, 1 of 6 checks.';
    for (const text of [
      await of('compare.md'),
      await of('index.html'),
      terminalComparison(gated),
    ]) {
      expect(text).toContain(sentence);
    }
    expect(JSON.parse(await of('compare.json'))).toMatchObject({ gate: { passed: false } });
  });

  it('does no harm whatever names say', async () => {
    const folder = await temporaryFolder();
    const gate = evaluateComparisonGate(hostile(), []);
    expect(gate.passed).toBe(false);
    await writeComparison({ ...hostile(), gate }, folder);
    const page = await readFile(join(folder, 'index.html'), 'utf8');
    const body = page.replace(/<style>[\s\S]*?<\/style>/g, '');
    for (const forbidden of ['script', 'img', 'b', 'i', 'iframe', 'foreignObject']) {
      expect(body, forbidden).not.toMatch(new RegExp(`<${forbidden}[\\s>]`, 'u'));
    }
    expect(body.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+=/);
    const markdown = await readFile(join(folder, 'compare.md'), 'utf8');
    const html = marked.parse(markdown, { async: false, gfm: true });
    expect(html).not.toMatch(/<(?:a|img|script|b|i|del)[\s>]/u);
    const terminal = terminalComparison(hostile(), { color: false, width: 100 });
    // oxlint-disable-next-line no-control-regex -- they are what this is about
    expect(terminal).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});
