/** `migbench compare`: two runs, or groups of one run, judged cell by cell and metric by metric. */
import type { CommandModule } from 'yargs';
import { comparedDimensions, type ComparedDimension, type Correction } from '../compare/types.ts';
import { EXIT_CODES, MigbenchError } from '../errors.ts';
import { comparedMetrics, noiseFloorFor, relativeFlags } from './compared.ts';
import { printJson } from './output.ts';
import { fraction } from './quantities.ts';

const FORMATS = ['text', 'json', 'markdown'] as const;
type Format = (typeof FORMATS)[number];

interface CompareArguments {
  readonly base: string;
  readonly candidate?: string | undefined;
  readonly by?: ComparedDimension | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly metric?: readonly string[] | undefined;
  readonly alpha: number;
  readonly confidence: string;
  readonly correction: Correction;
  readonly 'minimum-change'?: string | undefined;
  readonly resolution: string;
  readonly format: Format;
  readonly json: boolean;
  readonly out?: string | undefined;
  readonly force: boolean;
  readonly gate: boolean;
  readonly threshold?: readonly string[] | undefined;
  readonly 'noise-floor'?: string | undefined;
}

async function compare(args: CompareArguments): Promise<void> {
  const { compareGroups, compareRuns, evaluateComparisonGate, readSide, relativeThresholds } =
    await import('../compare/index.ts');
  if (!(args.alpha > 0 && args.alpha < 1)) {
    throw new MigbenchError('usage', `--alpha: expected a number between 0 and 1, such as 0.05.`);
  }
  const written = await relativeFlags(args.threshold);
  const options = {
    alpha: args.alpha,
    confidence: fraction('confidence', args.confidence, 1),
    correction: args.correction,
    ...(args['minimum-change'] === undefined
      ? {}
      : { minimumChange: fraction('minimum-change', args['minimum-change'], Infinity) }),
    resolution: fraction('resolution', args.resolution, Infinity),
    force: args.force,
    ...(await noiseFloorFor(args['noise-floor'], [args.base, args.candidate])),
  };
  const { base, candidate, by, from, to } = args;
  if (candidate === undefined && by === undefined) {
    throw new MigbenchError(
      'usage',
      'Give two run directories, or one and what to compare in it: migbench compare RUN --by qemu.',
    );
  }
  if ((candidate !== undefined || by === undefined) && (from ?? to) !== undefined) {
    throw new MigbenchError(
      'usage',
      '--from and --to choose groups of one run: give one run and --by.',
    );
  }
  const first = await readSide(base);
  const second = candidate === undefined ? undefined : await readSide(candidate);
  const gated = args.gate || written.length > 0;
  const planned = gated ? (second ?? first).environment.thresholds : [];
  const thresholds = relativeThresholds([...planned, ...written]);
  const metrics = await comparedMetrics(args.metric, thresholds);
  const compared =
    second === undefined
      ? compareGroups(first, by ?? 'qemu', { ...options, metrics, from, to })
      : compareRuns(first, second, { ...options, metrics, by });
  const comparison = gated
    ? { ...compared, gate: evaluateComparisonGate(compared, thresholds) }
    : compared;
  const reports = await import('../../reports/compare/index.ts');
  if (args.out !== undefined) {
    for (const path of await reports.writeComparison(comparison, args.out)) {
      process.stderr.write(`Written: ${path}\n`);
    }
  }
  const format = args.json ? 'json' : args.format;
  if (format === 'json') printJson(comparison);
  else if (format === 'markdown') process.stdout.write(reports.markdownComparison(comparison));
  else process.stdout.write(reports.terminalComparison(comparison));
  if (!comparison.trusted) process.exitCode = EXIT_CODES.untrusted;
  if (comparison.gate?.passed === false) process.exitCode = EXIT_CODES.gate;
}

export const compareCommand: CommandModule<object, CompareArguments> = {
  command: 'compare <base> [candidate]',
  describe:
    'Compare two runs, or groups of one run: what regressed, what improved, what is not known',
  builder: (parser) =>
    parser
      .positional('base', { type: 'string', demandOption: true, describe: 'Run directory' })
      .positional('candidate', { type: 'string', describe: 'Run directory; without it, --by' })
      .option('by', {
        choices: comparedDimensions,
        describe: 'What the compared cells differ in',
      })
      .option('from', {
        type: 'string',
        describe: 'With one run: the group that is the base (default: the first)',
      })
      .option('to', {
        type: 'string',
        describe: 'With one run: the only candidate (default: every other group)',
      })
      .option('metric', {
        type: 'string',
        array: true,
        nargs: 1,
        describe:
          'Only these, by their columns; all for every one (default: times, bytes, lost work)',
      })
      .option('alpha', { type: 'number', default: 0.05, describe: 'Level, after correction' })
      .option('confidence', { type: 'string', default: '95%', describe: 'Of the intervals' })
      .option('correction', {
        choices: ['holm', 'bh'] as const,
        default: 'holm' as const,
        describe: 'For several tests: Holm for gates, Benjamini-Hochberg for exploration',
      })
      .option('minimum-change', {
        type: 'string',
        describe:
          'Smaller changes are not called (default: 1%; 10% where guests were booted separately)',
      })
      .option('noise-floor', {
        type: 'string',
        describe: 'A run with --aa: changes below what it could not exclude are not called',
      })
      .option('resolution', {
        type: 'string',
        default: '20%',
        describe: '"No change" only where a change of this size would have been seen',
      })
      .option('format', { choices: FORMATS, default: 'text' as const, describe: 'What is printed' })
      .option('json', { type: 'boolean', default: false, describe: 'As --format json' })
      .option('out', {
        type: 'string',
        describe: 'Also write index.html, compare.md and compare.json here',
      })
      .option('gate', {
        type: 'boolean',
        default: false,
        describe:
          'Exit with 99 where something regressed; with --threshold, where that is breached',
      })
      .option('threshold', {
        type: 'string',
        array: true,
        nargs: 1,
        describe:
          'How much of a change is too much, such as "total_time_ms<=+5%" (may be repeated)',
      })
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'Compare what is not comparable, with a warning',
      })
      .example('$0 compare runs/monday runs/tuesday', 'The same plan, run twice')
      .example('$0 compare runs/both --by qemu', 'Two QEMUs in one run: trials were interleaved')
      .example(
        '$0 compare runs/q --by setting --from precopy --to multifd',
        'Two settings of several',
      )
      .example(
        '$0 compare a b --metric pause_ms --format markdown --out diff',
        'For a pull request',
      )
      .example('$0 compare a b --gate', 'Exit with 99 where something regressed')
      .example('$0 compare a b --threshold "total_time_ms<=+5%"', 'The same, with a limit'),
  handler: (args) => compare(args),
};
