/** Exports, read back by the parsers and schemas of their formats; hostile names come out as text. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import parsePrometheus from 'parse-prometheus-text-format';
import { beforeEach, describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { z } from 'zod';
import { packageRoot } from '../../../harness/paths.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { reportFormats, writeReport } from '../../../reports/index.ts';
import { examplePlan, exampleRecord } from '../record/examples.ts';
import { copyOfEveryOutcome, runOf } from './fixture.ts';
import { hostileNames } from './hostile-names.ts';

const formats = reportFormats.slice(reportFormats.indexOf('summary'));

/** Bencher's documentation: names of benchmarks up to 1024 characters, of measures up to 64. */
const bmfSchema = z.record(
  z.string().min(1).max(1024),
  z.record(
    z.string().min(1).max(64),
    z.strictObject({
      value: z.number(),
      lower_value: z.number().optional(),
      upper_value: z.number().optional(),
    }),
  ),
);

/** github-action-benchmark's README, "customSmallerIsBetter". */
const smallerSchema = z.array(
  z.strictObject({
    name: z.string().min(1),
    unit: z.string().min(1),
    value: z.number(),
    range: z.string().optional(),
    extra: z.string().optional(),
  }),
);

type Files = Readonly<Record<string, string>>;

async function exportsOf(directory: string, thresholds: readonly string[] = []): Promise<Files> {
  const { files } = await writeReport(directory, { formats, thresholds });
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return Object.fromEntries(files.map((file, i) => [file.split('/').at(-1) ?? '', texts[i] ?? '']));
}

async function xmlErrors(xml: string): Promise<readonly string[]> {
  const schema = await readFile(join(packageRoot, 'test/fixtures/schemas/junit.xsd'), 'utf8');
  const { errors } = await validateXML({ xml: [{ fileName: 'junit.xml', contents: xml }], schema });
  return errors.map(({ message }) => message);
}

/** OpenMetrics 1.0, section "Text Format": the rules that a line-oriented reader relies on. */
function openMetricsProblems(text: string): readonly string[] {
  const problems: string[] = [];
  if (!text.endsWith('\n# EOF\n') && text !== '# EOF\n') problems.push('no EOF');
  const value = '"(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
  const pair = `[a-zA-Z_][a-zA-Z0-9_]*=${value}`;
  const sample = new RegExp(
    `^([a-z_][a-z0-9_]*)(?:\\{(?:${pair}(?:,${pair})*)?\\})? (-?[0-9.e+-]+)$`,
  );
  const finished = new Set<string>();
  const seen = new Set<string>();
  let family = '';
  for (const line of text.split('\n').slice(0, -2)) {
    const comment = /^# (TYPE|UNIT|HELP) ([a-z_][a-z0-9_]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'TYPE') {
        if (finished.has(name)) problems.push(`interleaved: ${name}`);
        finished.add(name);
        family = name;
      }
      if (name !== family) problems.push(`out of place: ${line}`);
      if (kind === 'UNIT' && !name.endsWith(`_${rest}`)) problems.push(`unit: ${line}`);
      continue;
    }
    const [, name] = sample.exec(line) ?? [];
    if (name === undefined) problems.push(`no sample: ${line}`);
    else if (name !== family) problems.push(`out of place: ${line}`);
    const series = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(series)) problems.push(`twice: ${series}`);
    seen.add(series);
  }
  return problems;
}

describe('every outcome', () => {
  let files: Files = {};
  beforeEach(async () => {
    if (Object.keys(files).length > 0) return;
    files = await exportsOf(await copyOfEveryOutcome(), ['outcome==completed', 'passes.max<1000']);
  });

  test('the same bytes twice, whole files, no host and no date', async () => {
    const again = await exportsOf(await copyOfEveryOutcome(), [
      'outcome==completed',
      'passes.max<1000',
    ]);
    expect(again).toEqual(files);
    expect(Object.keys(files).sort()).toEqual([
      ...['bmf.json', 'junit.xml', 'openmetrics.txt', 'smaller-is-better.json', 'summary.md'],
    ]);
    for (const [name, text] of Object.entries(files)) {
      expect(text, name).not.toMatch(/2026-01|20260102|Example CPU/);
    }
  });

  test('JUnit: valid, and each outcome is what it should be', async () => {
    const xml = files['junit.xml'] ?? '';
    expect(await xmlErrors(xml)).toEqual([]);
    for (const type of ['invalid', 'guest-damaged', 'threshold', 'skipped']) {
      expect(xml, type).toContain(`type="${type}"`);
    }
    const count = (element: string) => xml.match(new RegExp(`<${element} `, 'g'))?.length ?? 0;
    const [root = ''] = /<testsuites [^>]*>/.exec(xml) ?? [];
    expect(root).toContain(
      `tests="${count('testcase')}" failures="${count('failure')}" errors="${count('error')}"`,
    );
    // The schema bites.
    expect(await xmlErrors(xml.replace('<failure ', '<failed '))).not.toEqual([]);
  });

  test('BMF and customSmallerIsBetter', () => {
    const bmf = bmfSchema.parse(JSON.parse(files['bmf.json'] ?? ''));
    const smaller = smallerSchema.parse(JSON.parse(files['smaller-is-better.json'] ?? ''));
    const names = smaller.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.some((name) => name.includes('throughput'))).toBe(false);
    for (const metrics of Object.values(bmf)) {
      for (const { value, lower_value: low, upper_value: high } of Object.values(metrics)) {
        expect(low ?? value).toBeLessThanOrEqual(value);
        expect(high ?? value).toBeGreaterThanOrEqual(value);
      }
    }
  });

  test('OpenMetrics: lines, order and units; read by a parser', () => {
    const text = files['openmetrics.txt'] ?? '';
    expect(openMetricsProblems(text)).toEqual([]);
    const families = parsePrometheus(text);
    expect(families.map(({ name }) => name)).toContain('migbench_total_time_seconds');
    expect(openMetricsProblems(`${text}x`)).not.toEqual([]);
  });

  test('the summary says that the gate is not passed, and where', () => {
    expect(files['summary.md']).toContain('The gate is NOT passed');
    expect(files['summary.md']).toMatch(/Gate: outcome == ?completed|outcome==completed/);
  });
});

test('known figures: base units, intervals from six trials on, no censored figure', async () => {
  const done = Array.from({ length: 6 }, (_, i) =>
    exampleRecord({
      ...{ cellId: 'done~1', trialId: `d${i}` },
      measurements: { totalTimeMs: 1000 + i, transferredBytes: 5e6, throttleMaxPercent: 20 },
    }),
  );
  const stuck = Array.from({ length: 2 }, (_, i) =>
    exampleRecord({
      ...{ cellId: 'stuck~2', trialId: `s${i}`, measurements: {} },
      outcome: { kind: 'not-converged', detail: 'd' },
    }),
  );
  const files = await exportsOf(await runOf([...done, ...stuck]));
  const bmf = bmfSchema.parse(JSON.parse(files['bmf.json'] ?? ''));
  expect(bmf['done~1']).toMatchObject({
    'total-time-ms': { value: 1002.5, lower_value: 1000, upper_value: 1005 },
    'not-completed-percent': { value: 0, lower_value: 0 },
  });
  expect(Object.keys(bmf['stuck~2'] ?? {})).toEqual(['not-completed-percent']);
  expect(bmf['stuck~2']?.['not-completed-percent']?.value).toBe(100);
  const smaller = smallerSchema.parse(JSON.parse(files['smaller-is-better.json'] ?? ''));
  expect(smaller.find(({ name }) => name === 'done~1 total_time_ms')).toEqual({
    ...{ name: 'done~1 total_time_ms', unit: 'ms', value: 1002.5, range: '1000 – 1005' },
    extra: 'median with its 95 % interval; n = 6; 6 of 6 trials completed',
  });
  const text = files['openmetrics.txt'] ?? '';
  expect(text).toMatch(
    /migbench_total_time_seconds\{cell="done~1",.*statistic="median"\} 1\.0025\n/,
  );
  expect(text).toMatch(/migbench_throttle_max_ratio\{.*\} 0\.2\n/);
  expect(text).not.toMatch(/migbench_total_time_seconds\{cell="stuck~2"/);
});

test('JUnit: a cell that was to be run and has no trial is there, also of those of --only', async () => {
  const directory = await runOf([]);
  const { id } = examplePlan.cells[0]!;
  const path = join(directory, 'environment.json');
  const environment = JSON.parse(await readFile(path, 'utf8')) as object;
  for (const [only, count] of [
    ['idle/*', 1],
    ['database/*', 0],
  ] as const) {
    await writeFile(path, JSON.stringify({ ...environment, only }));
    const xml = (await exportsOf(directory))['junit.xml'] ?? '';
    expect(xml.split('type="not-run"')).toHaveLength(count + 1);
    expect(xml.includes(id)).toBe(count === 1);
  }
});

test('hostile names: valid in every format, and as text', async () => {
  const records: TrialRecord[] = hostileNames.map((name, i) =>
    exampleRecord({
      cellId: `${name}~${String(i).padStart(8, '0')}`,
      trialId: name,
      labels: { workload: name, setting: name, link: name, guest: name, qemu: name },
      outcome:
        i % 3 === 0
          ? { kind: 'failed', reason: 'migration-error', detail: `${name}\ud800\uffff` }
          : { kind: 'completed' },
      expected: i % 3 !== 0,
      measurements: i % 3 === 0 ? {} : { totalTimeMs: i + 1 },
    }),
  );
  const files = await exportsOf(await runOf(records), ['total_time_ms<5']);
  expect(await xmlErrors(files['junit.xml'] ?? '')).toEqual([]);
  expect(files['junit.xml']).toContain('<error type="failed"');
  expect(openMetricsProblems(files['openmetrics.txt'] ?? '')).toEqual([]);
  const bmf = bmfSchema.parse(JSON.parse(files['bmf.json'] ?? ''));
  expect(Object.keys(bmf)).toHaveLength(hostileNames.length);
  smallerSchema.parse(JSON.parse(files['smaller-is-better.json'] ?? ''));
  for (const [name, text] of Object.entries(files)) {
    // oxlint-disable-next-line no-control-regex -- they are what this is about
    expect(text, name).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/);
  }
});
