/**
 * The way of the data, in one screen:
 *
 *     plan ──▶ provision ──▶ (sandbox: template ──▶ trial) ──▶ record ──▶ analysis ──▶ report
 *
 * This process provisions and reports; `measure.ts`, inside the sandbox, does what lies between. The run directory is
 * the only joint.
 */
import { join } from 'node:path';
import { writeNoiseFloor } from './compare/index.ts';
import { EXIT_CODES } from './errors.ts';
import { runExitCode } from './exit-code.ts';
import { requireMemory, requireProcessors } from './host.ts';
import type { OutputOptions } from './job.ts';
import { openRun } from './open-run.ts';
import { cacheDirectory, packageRoot } from './paths.ts';
import type { LoadedPlan } from './plan/load.ts';
import { addedTrials, planTrials } from './plan/order.ts';
import { ownFolders } from './plan/own-folders.ts';
import { Progress } from './progress.ts';
import { provision } from './provision.ts';
import { readRun, type Run } from './record/reader.ts';
import type { Outcome } from './record/schema.ts';
import { chooseScratch, findSandboxKind, runInside } from './sandbox/enter.ts';
import { processorsToBeHad } from './sandbox/pinned.ts';
import { requireBuilt, requireCrossing, requireShaping } from './support.ts';
import { writeReport } from '../reports/index.ts';

export interface RunRequest {
  readonly loaded: LoadedPlan;
  readonly runDirectory: string;
  /** Go on with the run that `runDirectory` holds. */
  readonly resume: boolean;
  /** With `resume`: run trials with these outcomes again. */
  readonly retry: readonly Outcome['kind'][];
  /** Glob on cell ids. */
  readonly only?: string;
  /** The plan's cells are done as A and as B by turns: the run gives this host's noise floor. */
  readonly aa?: boolean;
  /** Of a new run; one that is gone on with is what it was. */
  readonly comparing?: {
    /** The QEMU (a label) that the others are compared with. */
    readonly base: string;
    /** The build (a reference) that boots the guests of all cells; absent = each cell's source does. */
    readonly bootedBy?: string;
  };
  /** Of a new run: add blocks until intervals are as narrow as this fraction, or `timeLimitMs` is reached. */
  readonly untilPrecision?: number;
  /** What was changed of the plan on the command line, for the record. */
  readonly overrides?: readonly string[];
  readonly timeLimitMs?: number;
  readonly keepFailed: boolean;
  readonly mirror?: string;
  readonly output: OutputOptions;
  readonly signal: AbortSignal;
}

export interface RunOutcome {
  readonly run: Run;
  readonly exitCode: number;
}

/**
 * Run a plan from the beginning to its report, or go on with one. What was recorded is reported even where the run
 * was interrupted.
 *
 * @throws MigbenchError where nothing could be measured at all.
 */
export async function runPlan(request: RunRequest): Promise<RunOutcome> {
  const { loaded, runDirectory, signal, output } = request;
  const { plan } = loaded;
  const planned = planTrials(plan, request.only === undefined ? {} : { only: request.only });
  requireBuilt(planned);

  const kind = await findSandboxKind(signal);
  requireCrossing(planned, kind.mode);
  await requireProcessors(planned, (processors) => processorsToBeHad(processors, signal));
  if (!request.resume) requireMemory(planned);
  await using opened = await openRun(request, planned, kind);
  const added = addedTrials(plan, opened.recorded, request.only);
  const trials = [...planned, ...added].filter((trial) => !opened.finished.has(trial.id));
  let measured: number = EXIT_CODES.ok;
  const { bootedBy, untilPrecision, base } = opened.environment;
  // Whoever boots the guests, and whatever blocks are added, need more than the trials that are left.
  const needed = bootedBy === undefined && untilPrecision === undefined ? trials : planned;
  if (trials.length > 0 || untilPrecision !== undefined) {
    if (request.resume) requireMemory(needed);
    const progress = new Progress(output, join(runDirectory, 'run.log'));
    for (const warning of [...loaded.warnings, ...opened.warnings]) progress.line(warning);
    const provisions = await provision({
      ...request,
      ...{ trials: needed, kind, progress },
      cells: plan.cells,
    });
    await requireShaping(needed, kind, provisions.tools, signal);
    await opened.provisioned(provisions);
    const inUse = [
      ...[runDirectory, cacheDirectory(), process.cwd(), packageRoot, process.execPath],
      ...Object.values(provisions.builds).map((build) => build.binary),
      ...ownFolders(needed),
    ];
    measured = await runInside(kind, {
      entry: join(packageRoot, 'dist', 'harness', 'measure.js'),
      job: {
        ...{ runDirectory, plan, trials, kind, output, ...provisions },
        scratch: chooseScratch(kind.mode, inUse),
        cacheDirectory: cacheDirectory(),
        keepFailed: request.keepFailed,
        cells: [...new Set(needed.map(({ cell }) => cell))],
        ...(bootedBy === undefined ? {} : { bootedBy }),
        ...(untilPrecision === undefined
          ? {}
          : {
              untilPrecision: {
                fraction: untilPrecision,
                finished: [...opened.finished],
                ...(base === undefined ? {} : { base }),
                ...(request.only === undefined ? {} : { only: request.only }),
              },
            }),
        ...(request.timeLimitMs === undefined ? {} : { timeLimitMs: request.timeLimitMs }),
      },
      signal,
    });
  }
  const run = await readRun(runDirectory);
  if (run.records.length === 0 && measured !== EXIT_CODES.ok) {
    return { run, exitCode: measured };
  }
  if (run.environment.aa === true) await writeNoiseFloor(runDirectory);
  const reported = await writeReport(runDirectory);
  return { run: reported.run, exitCode: measured === EXIT_CODES.ok ? runExitCode(run) : measured };
}
