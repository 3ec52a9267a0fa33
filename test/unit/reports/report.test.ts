/** The whole report: its files, its bytes, and what hostile text can do in it. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { clientScript } from '../../../reports/html/program.ts';
import { writeReport } from '../../../reports/index.ts';
import { exampleRecord } from '../record/examples.ts';
import { copyOfEveryOutcome, runOf } from './fixture.ts';

const allFiles = [
  'cells.csv',
  'charts/convergence-map.svg',
  'charts/cpu.svg',
  'charts/downtime.svg',
  'charts/memory-multiple.svg',
  'charts/noise.svg',
  'charts/total-time.svg',
  'charts/transferred-bytes.svg',
  'charts/workload-lost.svg',
  'index.html',
  'report.md',
  'timeline.csv',
  'trials.csv',
];

async function hashes(files: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    files.map(async (file) =>
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ),
  );
}

const page = (directory: string) => readFile(join(directory, 'report/index.html'), 'utf8');

/** The page without its programs and data: what the reader's browser shows. */
function shown(html: string): string {
  return html.replace(/<script[\s\S]*?<\/script>/g, '').replace(/<style>[\s\S]*?<\/style>/g, '');
}

describe('files', { timeout: 30_000 }, () => {
  test('all formats, the same bytes twice', async () => {
    const directory = await copyOfEveryOutcome();
    const first = await writeReport(directory);
    expect(first.files.map((file) => relative(join(directory, 'report'), file))).toEqual(allFiles);
    const before = await hashes(first.files);
    await writeFile(join(directory, 'report', 'stale.txt'), 'of an older version');
    const second = await writeReport(directory);
    expect(await hashes(second.files)).toEqual(before);
    expect(await readdir(join(directory, 'report'))).not.toContain('stale.txt');
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('the same bytes in another folder', async () => {
    const one = await writeReport(await copyOfEveryOutcome());
    const other = await writeReport(await copyOfEveryOutcome());
    expect(await hashes(one.files)).toEqual(await hashes(other.files));
  });

  test('some formats leave the other files alone', async () => {
    const directory = await copyOfEveryOutcome();
    await mkdir(join(directory, 'report'));
    await writeFile(join(directory, 'report', 'junit.xml'), '<x/>');
    const { files } = await writeReport(directory, { formats: ['csv', 'md'] });
    expect(files.map((file) => relative(join(directory, 'report'), file))).toEqual([
      'cells.csv',
      'report.md',
      'timeline.csv',
      'trials.csv',
    ]);
    expect((await readdir(join(directory, 'report'))).toSorted()).toEqual([
      'cells.csv',
      'junit.xml',
      'report.md',
      'timeline.csv',
      'trials.csv',
    ]);
  });

  test('without timelines there is no timeline.csv', async () => {
    const directory = await copyOfEveryOutcome();
    await rm(join(directory, 'trials'), { recursive: true });
    const { files } = await writeReport(directory, { formats: ['csv', 'html'] });
    expect(files.some((file) => file.endsWith('timeline.csv'))).toBe(false);
    expect(await page(directory)).not.toContain('Timeline of a trial');
  });

  test('a damaged timeline is left out, and said', async () => {
    const directory = await copyOfEveryOutcome();
    const folder = (await readdir(join(directory, 'trials')))[0] ?? '';
    await appendFile(join(directory, 'trials', folder, 'timeline.jsonl'), 'nonsense\n');
    const markdown = () => readFile(join(directory, 'report/report.md'), 'utf8');
    await writeReport(directory, { formats: ['md'] });
    const alone = await markdown();
    const { run } = await writeReport(directory, { formats: ['html', 'md'] });
    expect(run.warnings.join()).toContain(`The timeline of ${folder} was left out`);
    const html = shown(await page(directory));
    expect(html).toContain(`The timeline of ${folder} was left out`);
    // Nor does it matter where the run directory is.
    expect(html).toContain(`trials/${folder}/timeline.jsonl:`);
    expect(html).not.toContain(directory);
    // What shows no timeline is the same, whatever else was asked for.
    expect(await markdown()).toBe(alone);
  });
});

describe('page', { timeout: 30_000 }, () => {
  test('hostile text is text', async () => {
    const directory = await copyOfEveryOutcome();
    await writeReport(directory, { formats: ['html'] });
    const html = await page(directory);
    expect(html.match(/<script/g)?.length).toBeGreaterThanOrEqual(6);
    // Every script element that begins also ends: six of ours, whatever the guest's names are.
    expect(html.match(/<\/script>/gi)).toHaveLength(6);
    expect(html).not.toContain('<!--');
    expect(shown(html)).not.toMatch(/<script|<img|<b>/);
    expect(shown(html)).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;');
    expect(html).not.toMatch(/[\u2028\u2029]/);
  });

  test('its own program is one script that parses: no name is taken twice', async () => {
    const html = await clientScript();
    const [, program = ''] = /<script>([\s\S]*)<\/script>/.exec(html) ?? [];
    expect(program.length).toBeGreaterThan(10_000);
    expect(() => new Script(program)).not.toThrow();
  });

  test('asks nothing of the network', async () => {
    const directory = await copyOfEveryOutcome();
    await writeReport(directory, { formats: ['html'] });
    const html = shown(await page(directory));
    expect(html).not.toMatch(/<[^>]*\s(src=|href=(?!"#))/);
    expect(html).toContain("default-src 'none'");
  });

  test('every figure is text: the censored median, the intervals, the remedy', async () => {
    const directory = await copyOfEveryOutcome();
    await writeReport(directory, { formats: ['html'] });
    const html = shown(await page(directory));
    expect(html).toContain('&gt; 20 s');
    expect(html).toContain('798 ms – 1.42 s');
    expect(html).toContain('n too small');
    expect(html).toContain('sysctl vm.unprivileged_userfaultfd=1');
    expect(html).toContain('guest speed is not representative');
  });

  test('a run without records', async () => {
    const directory = await runOf([]);
    const { files } = await writeReport(directory);
    expect(files.map((file) => relative(join(directory, 'report'), file))).toEqual([
      'cells.csv',
      'index.html',
      'report.md',
      'trials.csv',
    ]);
    const html = await page(directory);
    expect(html).toContain('No trial has been recorded');
    expect(html).not.toContain('<script');
  });

  test('a run of failures only', async () => {
    const outcome = {
      kind: 'failed',
      reason: 'source-exited',
      detail: 'Aborted | `core`',
    } as const;
    const directory = await runOf([exampleRecord({ outcome, expected: false })]);
    await writeReport(directory);
    const html = await page(directory);
    expect(html).toContain('None of 1 trial completed; 1 failed.');
    // That nothing completed is a result: the map says it, and nothing else can be drawn.
    expect(html.match(/data-chart=/g)).toHaveLength(1);
    expect(html).toContain('data-chart="convergence-map"');
    const markdown = await readFile(join(directory, 'report/report.md'), 'utf8');
    expect(markdown).toContain('Aborted \\| \\`core\\`');
    expect(markdown).toContain('| idle | precopy | 0/1 (1 failed) | – | – | – | – | – | – | – |');
  });
});

test('what cannot be read is refused', async () => {
  await expect(writeReport('/nonexistent/run')).rejects.toMatchObject({ code: 'record' });
});
