/** `migbench compare`: two runs, or groups of one run, judged cell by cell and metric by metric. */
import type { CommandModule } from 'yargs';
import { comparedDimensions, type ComparedDimension, type Correction } from '../compare/types.ts';
import { EXIT_CODES, MigbenchError } from '../errors.ts';
import { parseQuantity } from '../units.ts';
import { printJson } from './output.ts';

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
  readonly 'noise-floor'?: string | undefined;
}

/**
 * A percentage of the command line as a fraction.
 *
 * @throws MigbenchError `usage` where it is none, or not between the ends.
 */
function fraction(flag: string, text: string, below: number): number {
  const parsed = parseQuantity(text, 'percent');
  if (!parsed.ok) throw new MigbenchError('usage', `--${flag} ${text}: ${parsed.reason}.`);
  const value = parsed.value / 100;
  if (value > 0 && value < below) return value;
  throw new MigbenchError(
    'usage',
    `--${flag}: expected a percentage above 0 %${below === 1 ? ' and below 100 %' : ''}, found ${text}.`,
  );
}

/**
 * The noise floor of a run with `--aa`: of the one that is named, else of a compared one that is such a run.
 *
 * @throws MigbenchError `usage` where the one that is named has none.
 */
async function noiseFloorFor(args: CompareArguments) {
  const { noiseFloorLookup, readNoiseFloor } = await import('../compare/index.ts');
  const named = args['noise-floor'];
  for (const directory of named === undefined ? [args.base, args.candidate] : [named]) {
    const found = directory === undefined ? undefined : await readNoiseFloor(directory);
    if (found !== undefined && directory !== undefined) {
      return { noiseFloor: noiseFloorLookup(found), noiseFloorOf: directory };
    }
  }
  if (named === undefined) return {};
  throw new MigbenchError(
    'usage',
    `--noise-floor: ${named} has no noise floor. Make one with: migbench run --aa --out ${named}-aa`,
  );
}

async function compare(args: CompareArguments): Promise<void> {
  const { compareGroups, compareRuns, metricsNamed, readSide } =
    await import('../compare/index.ts');
  if (!(args.alpha > 0 && args.alpha < 1)) {
    throw new MigbenchError('usage', `--alpha: expected a number between 0 and 1, such as 0.05.`);
  }
  const options = {
    alpha: args.alpha,
    confidence: fraction('confidence', args.confidence, 1),
    correction: args.correction,
    ...(args['minimum-change'] === undefined
      ? {}
      : { minimumChange: fraction('minimum-change', args['minimum-change'], Infinity) }),
    resolution: fraction('resolution', args.resolution, Infinity),
    force: args.force,
    ...(await noiseFloorFor(args)),
    ...(args.metric === undefined
      ? {}
      : { metrics: metricsNamed(args.metric.flatMap((text) => text.split(','))) }),
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
  const comparison =
    candidate === undefined
      ? compareGroups(await readSide(base), by ?? 'qemu', { ...options, from, to })
      : compareRuns(await readSide(base), await readSide(candidate), { ...options, by });
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
      ),
  handler: (args) => compare(args),
};
