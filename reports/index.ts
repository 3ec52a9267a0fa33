/** The report of a run: everything in RUN/report/, made from the record alone, the same bytes every time. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { storageError } from '../harness/record/durable.ts';
import { REPORT_FOLDER } from '../harness/record/layout.ts';
import { readRun, type Run } from '../harness/record/reader.ts';
import { reportCharts } from './charts/index.ts';
import { cellsCsv } from './csv/cells.ts';
import { timelineCsvHeader, timelineCsvRows } from './csv/timeline.ts';
import { trialsCsv } from './csv/trials.ts';
import { bencherJson, smallerIsBetterJson } from './exports/json.ts';
import { junitXml } from './exports/junit.ts';
import { openMetricsText } from './exports/openmetrics.ts';
import { summaryMarkdown } from './exports/summary.ts';
import { htmlPage } from './html/page.ts';
import { markdownReport } from './markdown.ts';
import { buildModel, type ReportModel } from './model.ts';
import { collectTimelines, type TimelinesResult } from './timeline/collect.ts';

export { terminalSummary, type TerminalOptions } from './terminal.ts';

/** What can be written. */
export const reportFormats = [
  ...(['html', 'csv', 'md', 'svg', 'png'] as const),
  ...(['summary', 'junit', 'smaller', 'bmf', 'openmetrics'] as const),
] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** Formats for programs, each one file. */
const exportFormats: readonly (readonly [
  ReportFormat,
  { readonly name: string; readonly text: (model: ReportModel) => string },
])[] = [
  ['summary', { name: 'summary.md', text: summaryMarkdown }],
  ['junit', { name: 'junit.xml', text: junitXml }],
  ['smaller', { name: 'smaller-is-better.json', text: smallerIsBetterJson }],
  ['bmf', { name: 'bmf.json', text: bencherJson }],
  ['openmetrics', { name: 'openmetrics.txt', text: openMetricsText }],
];

/** What is written unless told otherwise: pictures for slides and files for programs only for those who ask. */
const usualFormats: readonly ReportFormat[] = ['html', 'csv', 'md', 'svg'];

export interface ReportOptions {
  /** Absent: html, csv, md and svg, and RUN/report/ holds nothing else afterwards. */
  readonly formats?: readonly ReportFormat[];
  /** Thresholds beside those of the plan. */
  readonly thresholds?: readonly string[];
}

export interface WrittenReport {
  /** What was reported on; with a warning for each timeline that could not be read. */
  readonly run: Run;
  /** Paths of the files, beginning with the run directory as it was given. */
  readonly files: readonly string[];
}

/** Width of the plot in charts/*.svg, in pixels. */
const SVG_WIDTH = 900;

/**
 * (Re)write RUN/report/. A reader of it sees the old report or the new one, never half of one: with all formats the
 * folder is exchanged, with some each file is.
 *
 * @throws MigbenchError `record` where the run cannot be read or the report cannot be written.
 */
export async function writeReport(
  runDirectory: string,
  options: ReportOptions = {},
): Promise<WrittenReport> {
  const run = await readRun(runDirectory);
  const staging = join(runDirectory, `.report-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(staging);
    const { names, warnings } = await writeFiles(run, options, staging);
    await publish(staging, join(runDirectory, REPORT_FOLDER), names, options.formats === undefined);
    return {
      run: { ...run, warnings: [...run.warnings, ...warnings] },
      files: names.map((name) => join(runDirectory, REPORT_FOLDER, name)),
    };
  } catch (error) {
    throw storageError(error, `write the report of ${runDirectory}`);
  } finally {
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Write the files of some formats to a folder; returns their names, in order, and what was left out. */
async function writeFiles(
  run: Run,
  options: ReportOptions,
  folder: string,
): Promise<{ readonly names: readonly string[]; readonly warnings: readonly string[] }> {
  const formats: ReadonlySet<ReportFormat> = new Set(options.formats ?? usualFormats);
  const names: string[] = [];
  const write = async (name: string, text: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
    names.push(name);
  };
  const timelines = await writeTimelines(run, formats, folder, names);
  const model = buildModel(run, options.thresholds);
  if (formats.has('csv')) {
    await write('trials.csv', trialsCsv(run.records));
    await write('cells.csv', cellsCsv(model.cells));
  }
  if (formats.has('md')) await write('report.md', markdownReport(model));
  for (const [format, { name, text }] of exportFormats) {
    if (formats.has(format)) await write(name, text(model));
  }
  if (formats.has('svg') || formats.has('png')) {
    // Vega takes a third of a second to load: only for charts.
    const { renderSvg } = await import('./charts/render-svg.ts');
    const { renderPng } = await import('./charts/render-png.ts');
    for (const { name, spec } of reportCharts(model, SVG_WIDTH)) {
      const svg = await renderSvg(spec);
      if (formats.has('svg')) await write(join('charts', `${name}.svg`), svg);
      if (formats.has('png')) await write(join('charts', `${name}.png`), await renderPng(svg));
    }
  }
  if (formats.has('html')) {
    // The page alone shows timelines: what it has to say of them is not in other formats, whichever are asked for.
    const warnings = [...run.warnings, ...timelines.warnings];
    const pageModel =
      timelines.warnings.length === 0
        ? model
        : buildModel({ ...run, warnings }, options.thresholds);
    await write('index.html', await htmlPage(pageModel, timelines));
  }
  return { names: names.toSorted(), warnings: timelines.warnings };
}

/** timeline.csv, where it is asked for and there are any; the timelines of a long run do not fit in memory. */
async function writeTimelines(
  run: Run,
  formats: ReadonlySet<ReportFormat>,
  folder: string,
  names: string[],
): Promise<TimelinesResult> {
  const none = { packed: new Map<string, string>(), available: 0, warnings: [] };
  if (!formats.has('csv') && !formats.has('html')) return none;
  const path = join(folder, 'timeline.csv');
  await using file = await open(path, 'w');
  await file.writeFile(timelineCsvHeader());
  const result = await collectTimelines(run, formats.has('html'), async (record, samples) => {
    if (formats.has('csv')) await file.writeFile(timelineCsvRows(record, samples));
  });
  if (formats.has('csv') && result.available > 0) names.push('timeline.csv');
  else await rm(path);
  return result;
}

async function publish(
  staging: string,
  target: string,
  names: readonly string[],
  whole: boolean,
): Promise<void> {
  if (whole) {
    const old = `${staging}-old`;
    const existed = await rename(target, old).then(
      () => true,
      () => false,
    );
    await rename(staging, target);
    if (existed) await rm(old, { recursive: true, force: true });
    return;
  }
  for (const name of names) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await rename(join(staging, name), join(target, name));
  }
  // Charts of an earlier state of the run, for which there are no figures now.
  const kinds = new Set(
    names.filter((name) => name.startsWith('charts/')).map((name) => extname(name)),
  );
  if (kinds.size === 0) return;
  for (const chart of await readdir(join(target, 'charts'))) {
    const stale = kinds.has(extname(chart)) && !names.includes(join('charts', chart));
    if (stale) await rm(join(target, 'charts', chart));
  }
}
