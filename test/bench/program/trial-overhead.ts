/** Where the time of a trial goes, and what the harness takes of the host, in a real run of the built program. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRun } from '../../../harness/record/reader.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { describeExit, RunningProcess } from '../../../harness/sandbox/running.ts';
import { measurementOf, type Measurement } from '../measurement.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { migbench } from './command-line.ts';
import { watchPeakMemory } from './peak-memory.ts';

/** Steps that are the measurement itself, or that wait for the guest; all others are overhead. */
const measuringSteps: ReadonlySet<string> = new Set([
  ...['gate', 'baseline', 'migration', 'settle', 'verify'],
]);

const CLAIMED_OVERHEAD_MS = 1_000;
const CLAIMED_CPU_PERCENT = 5;
/** 200 MB. */
const CLAIMED_PEAK_BYTES = 200e6;
const RUN_TIMEOUT_MS = 600_000;

interface FinishedRun {
  readonly records: readonly TrialRecord[];
  readonly peakBytes?: number;
}

async function runPlan(planFile: string, signal: AbortSignal): Promise<FinishedRun> {
  await using folder = await temporaryFolder();
  const directory = join(folder.path, 'run');
  const stderrPath = join(folder.path, 'stderr');
  await using program = RunningProcess.start(
    migbench,
    ['run', planFile, '--out', directory, '--quiet'],
    { stderrPath },
  );
  const patience = AbortSignal.any([signal, AbortSignal.timeout(RUN_TIMEOUT_MS)]);
  const peakBytes = await watchPeakMemory(program, patience);
  const exit = await program.exited;
  if (exit.exitCode !== 0) {
    throw new Error(`The run ${describeExit(exit)}:\n${await readFile(stderrPath, 'utf8')}`);
  }
  const { records } = await readRun(directory);
  return { records, ...(peakBytes === undefined ? {} : { peakBytes }) };
}

const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0);

function overheadSteps(record: TrialRecord): [string, number][] {
  return Object.entries(record.overheadMs).filter(([step]) => !measuringSteps.has(step));
}

/** From the end of a trial's last step to the start of the next trial: timeline, record, progress. */
function betweenMs(record: TrialRecord, next: TrialRecord | undefined): number | undefined {
  if (next === undefined) return undefined;
  const apartMs = Date.parse(next.startedAt) - Date.parse(record.startedAt);
  return Math.max(0, apartMs - sum(Object.values(record.overheadMs)));
}

/** What the step `migration` holds besides QEMU's own migration. */
function beyondTotalMs({ measurements, overheadMs }: TrialRecord): number | undefined {
  const stepMs = overheadMs['migration'];
  const { totalTimeMs } = measurements;
  return stepMs === undefined || totalTimeMs === undefined ? undefined : stepMs - totalTimeMs;
}

function stepMeasurements(records: readonly TrialRecord[]): Measurement[] {
  const steps = new Set(records.flatMap(({ overheadMs }) => Object.keys(overheadMs)));
  const between = records.map((record, index) => betweenMs(record, records[index + 1]));
  return [
    ...[...steps].map((step) => {
      const figures = records.flatMap(({ overheadMs }) => overheadMs[step] ?? []);
      const name = measuringSteps.has(step) ? `${step} (measures)` : step;
      return measurementOf({ group: 'trial', name, unit: 'ms' }, figures);
    }),
    measurementOf(
      {
        group: 'trial',
        name: 'migration beyond QEMU’s total time',
        unit: 'ms',
        note: 'part of the step migration: reading counters, the last polls; not counted as overhead',
      },
      records.flatMap((record) => beyondTotalMs(record) ?? []),
    ),
    measurementOf(
      { group: 'trial', name: 'between trials', unit: 'ms' },
      between.flatMap((ms) => ms ?? []),
    ),
    measurementOf(
      { group: 'trial', name: 'overhead', unit: 'ms', claimedBelow: CLAIMED_OVERHEAD_MS },
      records.map(
        (record, index) => sum(overheadSteps(record).map(([, ms]) => ms)) + (between[index] ?? 0),
      ),
    ),
  ];
}

/** CPU time of the measuring process during the migration, as a share of one core. */
function cpuPercent({ measurements, overheadMs }: TrialRecord): number | undefined {
  const { harnessCpuSeconds } = measurements;
  const migrationMs = overheadMs['migration'];
  if (harnessCpuSeconds === undefined || migrationMs === undefined) return undefined;
  return (100_000 * harnessCpuSeconds) / migrationMs;
}

/** @throws Error where the run fails: there is nothing to measure then. */
export async function measureTrials(planFile: string, signal: AbortSignal): Promise<Measurement[]> {
  const { records, peakBytes } = await runPlan(planFile, signal);
  const completed = records.filter(({ outcome }) => outcome.kind === 'completed');
  return [
    ...stepMeasurements(completed),
    measurementOf(
      {
        group: 'trial',
        name: 'harness CPU during the migration',
        unit: 'percent',
        claimedBelow: CLAIMED_CPU_PERCENT,
        note: 'of one core',
      },
      completed.flatMap((record) => cpuPercent(record) ?? []),
    ),
    measurementOf(
      {
        group: 'program',
        name: 'peak memory of the measuring process',
        unit: 'bytes',
        claimedBelow: CLAIMED_PEAK_BYTES,
      },
      peakBytes === undefined ? [] : [peakBytes],
    ),
  ];
}
