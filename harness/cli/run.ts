/** `migbench run`: run a plan, or go on with a run. */
import { join, relative } from 'node:path';
import type { CommandModule } from 'yargs';
import { EXIT_CODES, MigbenchError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import { interruptSignal } from './interrupt.ts';
import { resumeCommand } from './resume-command.ts';
import { defaultRunDirectory, precisionLimits } from './run-limits.ts';

interface RunArguments {
  readonly plan?: string | undefined;
  readonly out?: string | undefined;
  readonly resume?: string | undefined;
  readonly retry?: string | undefined;
  readonly only?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly repetitions?: number | undefined;
  readonly threshold?: readonly string[] | undefined;
  readonly 'time-limit'?: string | undefined;
  readonly aa: boolean;
  readonly 'until-precision'?: string | undefined;
  readonly 'dry-run': boolean;
  readonly 'keep-failed': boolean;
  readonly mirror?: string | undefined;
  readonly json: boolean;
  readonly quiet?: unknown;
  readonly verbose?: unknown;
}

const RETRYABLE = ['failed', 'invalid', 'skipped', 'not-converged'] as const;
type Retryable = (typeof RETRYABLE)[number];

function parseRetry(text: string | undefined): Retryable[] {
  if (text === undefined) return [];
  return text.split(',').map((word) => {
    const known = RETRYABLE.find((name) => name === word.trim());
    if (known !== undefined) return known;
    throw new MigbenchError(
      'usage',
      `--retry: expected some of ${RETRYABLE.join(', ')} with commas between, found "${word}".`,
    );
  });
}

/** `--set` and `--repetitions` as changes of the plan. */
function overridesOf(args: RunArguments): readonly string[] {
  return [
    ...(args.set ?? []),
    ...(args.repetitions === undefined ? [] : [`repetitions=${args.repetitions}`]),
  ];
}

async function loadFor(args: RunArguments) {
  const { repetitions = 1 } = args;
  if (!Number.isInteger(repetitions) || repetitions < 1) {
    const found = Number.isNaN(repetitions) ? 'no number' : repetitions;
    throw new MigbenchError(
      'usage',
      `--repetitions: expected a whole number from 1, found ${found}.`,
    );
  }
  const overrides = overridesOf(args);
  if (args.resume === undefined) {
    const file = args.plan ?? join(packageRoot, 'plans', 'quickstart.yaml');
    const { loadPlanFile } = await import('./load-plan-file.ts');
    const load = (changes: readonly string[]) =>
      loadPlanFile({ file, overrides: changes, withoutBaseline: true });
    const once = await load(overrides);
    // As A and as B: the plan's repetitions each.
    const doubled = `repetitions=${2 * once.plan.repetitions}`;
    const loaded = args.aa ? await load([...overrides, doubled]) : once;
    const { thresholdFlags } = await import('./thresholds.ts');
    const { distinctThresholds } = await import('../analysis/threshold.ts');
    const thresholds = distinctThresholds([
      ...loaded.plan.thresholds,
      ...thresholdFlags(args.threshold, true),
    ]);
    return { ...loaded, plan: { ...loaded.plan, thresholds } };
  }
  if (args.threshold !== undefined) {
    throw new MigbenchError(
      'usage',
      'A run is resumed with the thresholds it began with: leave out --threshold; others can be tried afterwards with `migbench report RUN --threshold`.',
    );
  }
  const { loadForResume } = await import('./resume-plan.ts');
  return loadForResume(args.resume, args.plan, overrides);
}

async function run(args: RunArguments): Promise<void> {
  if (args.resume !== undefined && args.out !== undefined) {
    throw new MigbenchError(
      'usage',
      '--resume DIR names the run directory; leave out --out, or start a new run without --resume.',
    );
  }
  if (args.retry !== undefined && args.resume === undefined) {
    throw new MigbenchError(
      'usage',
      '--retry needs --resume DIR: it runs trials of that run again.',
    );
  }
  if (args.aa && args.resume !== undefined) {
    throw new MigbenchError(
      'usage',
      '--resume goes on with the run as it was begun: leave out --aa.',
    );
  }
  if (args['until-precision'] !== undefined && args.resume !== undefined) {
    throw new MigbenchError(
      'usage',
      '--resume goes on as precisely as the run was begun: leave out --until-precision.',
    );
  }
  const retry = parseRetry(args.retry);
  const loaded = await loadFor(args);
  const limits = await precisionLimits(args['until-precision'], args['time-limit'], args.resume);
  if (args['dry-run']) {
    const { printDryRun } = await import('./dry-run.ts');
    const { only } = await selectionOf(args);
    await printDryRun(loaded, { only, resume: args.resume, retry });
    return;
  }
  const { runPlan } = await import('../pipeline.ts');
  const { terminalSummary } = await import('../../reports/index.ts');
  const runDirectory = args.resume ?? args.out ?? defaultRunDirectory(loaded.plan.name);
  const outcome = await runPlan({
    loaded,
    runDirectory,
    resume: args.resume !== undefined,
    retry,
    overrides: [
      ...overridesOf(args),
      ...(args.aa ? [`repetitions=${loaded.plan.repetitions}`] : []),
    ],
    aa: args.aa,
    ...(await selectionOf(args)),
    ...limits,
    keepFailed: args['keep-failed'],
    ...(args.mirror === undefined ? {} : { mirror: args.mirror }),
    output: { quiet: args.quiet === true, verbose: args.verbose === true },
    signal: interruptSignal(),
  });
  const page = join(runDirectory, 'report', 'index.html');
  if (outcome.run.records.length > 0) {
    process.stdout.write(
      args.json
        ? `${JSON.stringify({ runDirectory, report: page, records: outcome.run.records }, null, 2)}\n`
        : `${terminalSummary(outcome.run)}${await noiseFloorText(runDirectory)}\nReport: ${relative('.', page) || page}\n`,
    );
  }
  if (outcome.exitCode === EXIT_CODES.interrupted) {
    const command = resumeCommand('run', runDirectory, {
      // The record has it of a run that was begun now.
      only: args.resume === undefined ? undefined : args.only,
      retry: args.retry,
      'keep-failed': args['keep-failed'],
      mirror: args.mirror,
    });
    process.stderr.write(`migbench: interrupted. Go on with: ${command}\n`);
  }
  process.exitCode = outcome.exitCode;
}

/** What a run with `--aa` found, a line per metric; empty for another. */
async function noiseFloorText(runDirectory: string): Promise<string> {
  const { headlineMetrics, readNoiseFloor } = await import('../compare/index.ts');
  const found = await readNoiseFloor(runDirectory);
  if (found === undefined) return '';
  const lines = headlineMetrics.flatMap(({ column, title }) => {
    const floor = found.metrics[column];
    return floor === undefined ? [] : [`  ${title}: ${Number((100 * floor).toPrecision(2))} %\n`];
  });
  return lines.length === 0
    ? '\nNo noise floor: too few trials (five as A and five as B give one).\n'
    : `\nNoise floor (the largest change that A/A could not exclude, over all cells):\n${lines.join('')}`;
}

/** Which cells: those of `--only`, else those that a resumed run was begun with. */
async function selectionOf(args: RunArguments): Promise<{ only?: string }> {
  if (args.only !== undefined) return { only: args.only };
  if (args.resume === undefined) return {};
  const { readEnvironment } = await import('../record/reader.ts');
  const { only } = await readEnvironment(args.resume);
  return only === undefined ? {} : { only };
}

export const runCommand: CommandModule<object, RunArguments> = {
  command: 'run [plan]',
  describe: 'Run a plan: migrate real guests and report',
  builder: (parser) =>
    parser
      .positional('plan', {
        type: 'string',
        describe: 'Plan file (default: plans/quickstart.yaml)',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Run directory (default: runs/<UTC time>-<plan name>)',
      })
      .option('resume', {
        type: 'string',
        requiresArg: true,
        describe: 'Go on with the run in this directory: run the trials that have no record',
      })
      .option('retry', {
        type: 'string',
        requiresArg: true,
        describe: 'With --resume: run these again too, such as failed,invalid',
      })
      .option('only', { type: 'string', requiresArg: true, describe: 'Glob on cell ids' })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Override a value of the plan: path=value, dots for nesting',
      })
      .option('repetitions', {
        type: 'number',
        requiresArg: true,
        describe: 'Repetitions per cell, instead of the plan’s',
      })
      .option('threshold', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Exit with 99 unless this holds, such as "pause_ms.median<300" (may be repeated)',
      })
      .option('time-limit', {
        type: 'string',
        requiresArg: true,
        describe: 'Begin no trial after this time, such as 30min; go on later with --resume',
      })
      .option('until-precision', {
        type: 'string',
        requiresArg: true,
        describe:
          'Add blocks until half of each 95 % interval is within this, such as 5% (total time, pause, bytes)',
      })
      .option('aa', {
        type: 'boolean',
        default: false,
        describe: 'Do every cell twice as often, as A and as B: the noise floor of this host',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Print the trials in their order and the expected time; run nothing',
      })
      .option('keep-failed', {
        type: 'boolean',
        default: false,
        describe: 'Keep the saved guests, so that a failed trial can be looked into',
      })
      .option('mirror', {
        type: 'string',
        requiresArg: true,
        describe: 'Debian mirror to use instead of the one this machine is configured for',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the records as JSON' })
      .example('$0 run', 'Run plans/quickstart.yaml')
      .example('$0 run my-plan.yaml --repetitions 10 --out runs/nightly', 'More repetitions')
      .example('$0 run --set guest.memory=1GiB --only "database/*"', 'One workload, larger guests')
      .example('$0 run --threshold outcome==completed --threshold "pause_ms<300ms"', 'As a gate')
      .example('$0 run --resume runs/nightly --retry failed', 'Go on, and try failed trials again'),
  handler: (args) => run(args),
};
