/** `migbench regress`: two QEMU builds side by side in one run, compared, with a verdict and an exit code. */
import { join, relative, resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import type { Comparison } from '../compare/index.ts';
import { EXIT_CODES, MigbenchError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import type { RunOutcome } from '../pipeline.ts';
import type { LoadedPlan } from '../plan/load.ts';
import { COMPARISON_FOLDER } from '../record/layout.ts';
import { shellQuoted } from '../sandbox/shell-quote.ts';
import { comparedMetrics, noiseFloorFor } from './compared.ts';
import { interruptSignal } from './interrupt.ts';
import { printJson } from './output.ts';
import { fraction } from './quantities.ts';
import { regressOptions, type RegressArguments } from './regress-options.ts';
import { parseFormats } from './report.ts';
import { resumeCommand } from './resume-command.ts';
import { defaultRunDirectory, precisionLimits } from './run-limits.ts';

/** What is run, and who is compared with whom. */
interface Subject {
  readonly loaded: LoadedPlan;
  readonly overrides: readonly string[];
  /** Label of the base's cells. */
  readonly base: string;
  /** The build that boots all guests; absent = each boots its own. */
  readonly bootedBy?: string;
  /** A glob on cell ids. */
  readonly only?: string | undefined;
}

/** A `path:` of the command line is relative to where that was typed, not to the plan. */
function reference(text: string): string {
  return text.startsWith('path:') ? `path:${resolve(text.slice('path:'.length))}` : text;
}

/** The plan with these builds in the place of its own. */
async function newSubject(args: RegressArguments): Promise<Subject> {
  if (args.base === undefined || args.candidate === undefined) {
    throw new MigbenchError(
      'usage',
      'Name both builds: migbench regress --base debian:bookworm --candidate debian:trixie (or go on with --resume DIR).',
    );
  }
  const [base, candidate] = [reference(args.base), reference(args.candidate)];
  if (base === candidate) {
    throw new MigbenchError(
      'usage',
      `--base and --candidate are both ${base}. What this host alone makes of a build is found out with: migbench run --aa`,
    );
  }
  const cross = [
    { source: base, destination: candidate },
    { source: candidate, destination: base },
  ];
  const builds = [base, candidate, ...(args.pairs === 'cross' ? cross : [])];
  const overrides = [
    `qemu=${JSON.stringify(builds)}`,
    ...(args.set ?? []),
    ...(args.repetitions === undefined ? [] : [`repetitions=${args.repetitions}`]),
  ];
  const { loadPlanFile } = await import('./load-plan-file.ts');
  const file = args.plan ?? join(packageRoot, 'plans', 'regress.yaml');
  const found = await loadPlanFile({ file, overrides });
  const { thresholdFlags } = await import('./thresholds.ts');
  const { distinctThresholds } = await import('../analysis/threshold.ts');
  const thresholds = distinctThresholds([
    ...found.plan.thresholds,
    ...thresholdFlags(args.threshold, false),
  ]);
  const { cellMatcher } = await import('../record/cell-matcher.ts');
  const { only } = args;
  const isWanted = cellMatcher(only);
  const wanted = found.plan.cells.filter(({ id }) => isWanted(id));
  const label = wanted.find(
    ({ spec: { qemu } }) => qemu.source === base && qemu.destination === base,
  )?.labels.qemu;
  const what = only === undefined ? `${file} excludes` : `--only ${only} leaves out`;
  if (label === undefined) {
    throw new MigbenchError('usage', `${what} every cell of ${base}, the base of the comparison.`);
  }
  if (wanted.every(({ labels }) => labels.qemu === label)) {
    throw new MigbenchError('usage', `${what} every cell but those of ${base}, the base.`);
  }
  return {
    loaded: { ...found, plan: { ...found.plan, thresholds } },
    overrides,
    base: label,
    ...(args.guests === 'own' ? {} : { bootedBy: base }),
    only,
  };
}

/** What a run is and was begun with; the other flags say how far it goes and how it is judged. */
const KEPT_FROM_THE_BEGIN = [
  'base',
  'candidate',
  'pairs',
  'guests',
  'plan',
  'set',
  'repetitions',
  'threshold',
  'until-precision',
] as const;

/** A run that was begun by this command. */
async function resumedSubject(directory: string, args: RegressArguments): Promise<Subject> {
  const changed = KEPT_FROM_THE_BEGIN.find((name) => args[name] !== undefined);
  if (changed !== undefined) {
    throw new MigbenchError(
      'usage',
      `--resume goes on with the run as it was: leave out --${changed}.`,
    );
  }
  const { loadForResume, refuseWithoutRun } = await import('./resume-plan.ts');
  refuseWithoutRun(directory);
  const { readEnvironment } = await import('../record/reader.ts');
  const { base, only } = await readEnvironment(directory);
  if (base === undefined) {
    throw new MigbenchError(
      'usage',
      `${directory} was not begun by regress. Go on with: migbench run --resume ${shellQuoted(directory)}`,
    );
  }
  const loaded = await loadForResume(directory, undefined, []);
  return { loaded, overrides: [], base, only: args.only ?? only };
}

async function regress(args: RegressArguments): Promise<void> {
  const { resume } = args;
  const formats = parseFormats(args.format);
  const subject =
    resume === undefined ? await newSubject(args) : await resumedSubject(resume, args);
  const limits = await precisionLimits(args['until-precision'], args['time-limit'], resume);
  const { loaded, base, bootedBy, only } = subject;
  if (args['dry-run']) {
    const { printDryRun } = await import('./dry-run.ts');
    await printDryRun(loaded, { only, resume });
    return;
  }
  const runDirectory = resume ?? args.out ?? defaultRunDirectory(loaded.plan.name);
  // Refused before anything is measured, not afterwards.
  const noise = await noiseFloorFor(args['noise-floor'], []);
  const { relativeThresholds } = await import('../compare/index.ts');
  await comparedMetrics(args.metric, relativeThresholds(loaded.plan.thresholds));
  const minimum = minimumChange(args);
  const { runPlan } = await import('../pipeline.ts');
  const outcome = await runPlan({
    loaded,
    runDirectory,
    resume: resume !== undefined,
    retry: [],
    overrides: subject.overrides,
    comparing: { base, ...(bootedBy === undefined ? {} : { bootedBy }) },
    ...(only === undefined ? {} : { only }),
    ...limits,
    keepFailed: args['keep-failed'],
    ...(args.mirror === undefined ? {} : { mirror: args.mirror }),
    output: { quiet: args.quiet === true, verbose: args.verbose === true },
    signal: interruptSignal(),
  });
  process.exitCode = outcome.exitCode;
  if (outcome.exitCode === EXIT_CODES.interrupted) {
    process.stderr.write(`migbench: interrupted. Go on with: ${goingOn(args, runDirectory)}\n`);
    return;
  }
  await judge(args, outcome, { runDirectory, base, options: { ...noise, ...minimum }, formats });
}

function minimumChange(args: RegressArguments): { minimumChange?: number } {
  const text = args['minimum-change'];
  return text === undefined ? {} : { minimumChange: fraction('minimum-change', text, Infinity) };
}

interface Judging {
  readonly runDirectory: string;
  readonly base: string;
  readonly options: object;
  readonly formats: ReturnType<typeof parseFormats>;
}

/** To go on, and to be judged in the same way at its end. */
function goingOn(args: RegressArguments, runDirectory: string): string {
  return resumeCommand('regress', runDirectory, {
    only: args.resume === undefined ? undefined : args.only,
    metric: args.metric,
    'minimum-change': args['minimum-change'],
    'noise-floor': args['noise-floor'],
    format: args.format,
    'keep-failed': args['keep-failed'],
    mirror: args.mirror,
  });
}

/** Compare the builds, write and print what was found, and set the exit code. */
async function judge(
  args: RegressArguments,
  { run, exitCode }: RunOutcome,
  { runDirectory, base, options, formats }: Judging,
): Promise<void> {
  const files: string[] = [];
  if (formats !== undefined) {
    const { writeReport } = await import('../../reports/index.ts');
    files.push(...(await writeReport(runDirectory, { formats })).files);
  }
  const { compareGroups, evaluateComparisonGate, readSide, relativeThresholds } =
    await import('../compare/index.ts');
  const thresholds = relativeThresholds(run.environment.thresholds);
  const metrics = await comparedMetrics(args.metric, thresholds);
  const side = await readSide(runDirectory);
  const compared = comparable(() =>
    compareGroups(side, 'qemu', { ...options, from: base, metrics }),
  );
  if (compared instanceof MigbenchError) {
    process.exitCode = codeOf(exitCode, { gate: { passed: false }, trusted: false });
    const fails = process.exitCode === EXIT_CODES.gate ? ', and the gate fails' : '';
    const isWhole = run.records.length >= run.environment.plannedTrials;
    process.stderr.write(
      `migbench: nothing was compared${fails}. ${compared.message}\n` +
        (isWhole
          ? `Look at it all the same: migbench compare ${shellQuoted(runDirectory)} --by qemu --force\n`
          : `Trials that are still to be run: ${goingOn(args, runDirectory)}\n`),
    );
    return;
  }
  const comparison = { ...compared, gate: evaluateComparisonGate(compared, thresholds) };
  const { terminalComparison, writeComparison } = await import('../../reports/compare/index.ts');
  files.unshift(...(await writeComparison(comparison, join(runDirectory, COMPARISON_FOLDER))));
  if (args.json) printJson(comparison);
  else {
    const shown = [join(runDirectory, 'report', 'index.html'), ...files]
      .map((path) => `  ${relative('.', path) || path}\n`)
      .join('');
    process.stdout.write(`${terminalComparison(comparison)}\nWritten:\n${shown}`);
  }
  if (exitCode === EXIT_CODES.untrusted) {
    process.stderr.write(
      'The run itself is not to be trusted (the host drifted, or trials were invalid): its report says why.\n',
    );
  }
  process.exitCode = codeOf(exitCode, comparison);
}

/** The flags were checked before: what cannot be compared now was not measured, or came out too different. */
function comparable(compare: () => Comparison): Comparison | MigbenchError {
  try {
    return compare();
  } catch (error) {
    if (error instanceof MigbenchError && error.code === 'usage') return error;
    throw error;
  }
}

/** The run's own code, unless the comparison has a graver one: 4, then 99, then 5. */
function codeOf(
  code: number,
  { gate, trusted }: { readonly gate: { readonly passed: boolean }; readonly trusted: boolean },
): number {
  const mild: readonly number[] = [EXIT_CODES.ok, EXIT_CODES.untrusted];
  if (!mild.includes(code)) return code;
  if (!gate.passed) return EXIT_CODES.gate;
  return trusted ? code : EXIT_CODES.untrusted;
}

export const regressCommand: CommandModule<object, RegressArguments> = {
  command: 'regress',
  describe: 'Compare two QEMU builds in one run: is the candidate worse? Exit code 99 where it is',
  builder: regressOptions,
  handler: (args) => regress(args),
};
