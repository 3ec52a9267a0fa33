/** `migbench report`: rewrite the report of a run from its record alone. */
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { MigbenchError, messageOf } from '../errors.ts';
import { printJson } from './output.ts';

interface ReportArguments {
  readonly run: string;
  readonly format?: readonly string[] | undefined;
  readonly gate: boolean;
  readonly threshold?: readonly string[] | undefined;
  readonly open: boolean;
  readonly json: boolean;
}

/** As in reports/index.ts, which is loaded only to write a report. */
const FORMATS = [
  'html',
  'csv',
  'md',
  'svg',
  'png',
  'summary',
  'junit',
  'smaller',
  'bmf',
  'openmetrics',
] as const;
type Format = (typeof FORMATS)[number];

const OPEN_TIMEOUT_MS = 10_000;

/**
 * The formats of `--format`, which may be repeated and may hold commas; `undefined` where it was not given.
 *
 * @throws MigbenchError `usage` for a word that is no format.
 */
export function parseFormats(written: readonly string[] | undefined): Format[] | undefined {
  if (written === undefined) return undefined;
  const words = written.flatMap((text) => text.split(',')).map((word) => word.trim());
  return [...new Set(words)].map((word) => {
    const known = FORMATS.find((format) => format === word);
    if (known !== undefined) return known;
    throw new MigbenchError(
      'usage',
      `--format: expected some of ${FORMATS.join(', ')} with commas between, found "${word}".`,
    );
  });
}

/** Show the page in the desktop's browser; a message where there is none. */
async function openPage(page: string): Promise<void> {
  const { findProgram } = await import('../debian/host.ts');
  const { hostProgram, run } = await import('../sandbox/process.ts');
  const opener = findProgram('xdg-open');
  if (opener === undefined) {
    process.stderr.write(`migbench: xdg-open is not installed; open ${page} in a browser.\n`);
    return;
  }
  // The browser may live as long as it likes, so only its start is waited for: a program that says within two seconds
  // that it could not has not shown the page.
  const started = `{ setsid sh -c '"$0" "$1" </dev/null >/dev/null 2>&1; echo $?' "$0" "$1" & } | timeout 2 head -n 1`;
  const { stdout } = await run(hostProgram('sh'), ['-c', `${started} || true`, opener, page], {
    timeoutMs: OPEN_TIMEOUT_MS,
  }).catch((error: unknown) => ({ stdout: messageOf(error) }));
  const said = stdout.trim();
  if (said !== '' && said !== '0') {
    process.stderr.write(
      `migbench: no browser could be started here (xdg-open: ${said}); open ${page} yourself.\n`,
    );
  }
}

/** @throws MigbenchError `usage` where the plan of a run has no thresholds that a run can be held to. */
async function requireThresholds(directory: string): Promise<void> {
  const { readRunHeader } = await import('../record/reader.ts');
  const { plan } = await readRunHeader(directory);
  const { isJudgedInRun } = await import('../analysis/gate.ts');
  if (isJudgedInRun(plan.thresholds)) return;
  if (plan.thresholds.length > 0) {
    throw new MigbenchError(
      'usage',
      `--gate: the thresholds of ${directory} are on changes (${plan.thresholds.join(', ')}), which a comparison is held ` +
        `to: migbench compare --gate, or migbench regress --resume ${directory}. To hold the run by itself to something, ` +
        'name it, such as --threshold outcome==completed.',
    );
  }
  throw new MigbenchError(
    'usage',
    `--gate: the plan of ${directory} has no thresholds. Name one, such as --threshold outcome==completed.`,
  );
}

async function report(args: ReportArguments): Promise<void> {
  const formats = parseFormats(args.format);
  if (args.open && formats !== undefined && !formats.includes('html')) {
    throw new MigbenchError('usage', '--open shows the HTML report: add html to --format.');
  }
  const { terminalSummary, writeReport } = await import('../../reports/index.ts');
  const { thresholdFlags } = await import('./thresholds.ts');
  const thresholds = thresholdFlags(args.threshold, true);
  // Refused before anything is written.
  if (args.gate && thresholds.length === 0) await requireThresholds(args.run);
  const options = { thresholds, ...(formats === undefined ? {} : { formats }) };
  const { run, files } = await writeReport(args.run, options);
  if (args.json) {
    printJson({ runDirectory: args.run, files, records: run.records });
  } else {
    const summary =
      run.records.length === 0
        ? 'No trial is recorded yet.\n'
        : terminalSummary(run, { thresholds });
    process.stdout.write(`${summary}\nWritten:\n${files.map((path) => `  ${path}\n`).join('')}`);
  }
  if (args.open) await openPage(join(args.run, 'report', 'index.html'));
  if (!args.gate && thresholds.length === 0) return;
  const { runExitCode } = await import('../exit-code.ts');
  process.exitCode = runExitCode(run, thresholds);
}

export const reportCommand: CommandModule<object, ReportArguments> = {
  command: 'report <run>',
  describe: 'Rewrite RUN/report from the record alone, and print the summary',
  builder: (parser) =>
    parser
      .positional('run', { type: 'string', demandOption: true, describe: 'Run directory' })
      .option('format', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: `Only these: ${FORMATS.join(', ')} (default: html, csv, md, svg)`,
      })
      .option('gate', {
        type: 'boolean',
        default: false,
        describe: 'End with the exit code of the run, 99 where a threshold of its plan is breached',
      })
      .option('threshold', {
        type: 'string',
        array: true,
        nargs: 1,
        describe:
          'One more threshold, such as "pause_ms.median<300"; with --gate (may be repeated)',
      })
      .option('open', { type: 'boolean', default: false, describe: 'Show the page in a browser' })
      .option('json', { type: 'boolean', default: false, describe: 'Print the records as JSON' })
      .example('$0 report runs/nightly', 'Rewrite all of it')
      .example('$0 report runs/nightly --format csv,md', 'Only tables and text')
      .example('$0 report runs/nightly --format svg,png', 'Charts for slides')
      .example('$0 report runs/nightly --gate --format junit,summary', 'For a CI server')
      .example('$0 report runs/nightly --open', 'Rewrite it and look at it'),
  handler: (args) => report(args),
};
