/** Runs that were never measured, of any size: records and timelines of the size that real ones have. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mulberry32, planTrials } from '../../harness/plan/order.ts';
import type { PlannedTrial, ResolvedPlan } from '../../harness/plan/types.ts';
import { timelineFileName } from '../../harness/record/layout.ts';
import type { Environment, TimelineSample, TrialRecord } from '../../harness/record/schema.ts';
import { RunWriter } from '../../harness/record/writer.ts';

/** As many as a real trial of the quickstart has: one per 20 ms of a migration, and progress. */
export const TIMELINE_SAMPLES = 160;
/** QEMU 10.0 answers with about as many of each. */
const CAPABILITIES = 22;
const PARAMETERS = 28;
const RUN_ID = 'synthetic';

/** 100 cells of the quickstart. */
export const manyCells: readonly string[] = [
  `links=[${[100, 200, 300, 500, 1000].map((rate) => `{bandwidth: ${rate}Mbit/s}`).join(', ')}]`,
  `workloads=[idle, ${[5, 10, 20, 30].map((rate) => `{id: memory-stress, dirty-rate: ${rate}MiB/s}`).join(', ')}]`,
];

/** The quickstart is 24 cells × 2; the large ones make 100 cells × 20 and × 200 of it. */
export const syntheticRuns: readonly {
  readonly trials: number;
  readonly overrides: readonly string[];
}[] = [
  { trials: 48, overrides: [] },
  { trials: 2000, overrides: [...manyCells, 'repetitions=20'] },
  { trials: 20_000, overrides: [...manyCells, 'repetitions=200'] },
];

const effective = {
  capabilities: Object.fromEntries(
    Array.from({ length: CAPABILITIES }, (_, index) => [`some-capability-${index}`, false]),
  ),
  parameters: Object.fromEntries(
    Array.from({ length: PARAMETERS }, (_, index) => [`some-parameter-${index}`, index * 1024]),
  ),
};

function syntheticRecord(trial: PlannedTrial, random: () => number): TrialRecord {
  const { cell } = trial;
  const { spec } = cell;
  const around = (middle: number) => middle * (0.8 + 0.4 * random());
  const qemu = {
    reference: 'system',
    version: '10.0.13',
    package: 'Debian 1:10.0.13+ds-0+deb13u1',
  };
  const converged = random() > 0.05;
  return {
    ...{ schemaVersion: 1, runId: RUN_ID, cellId: cell.id, trialId: trial.id },
    ...{ block: trial.block, position: trial.position, repetition: trial.repetition },
    startedAt: new Date(Date.UTC(2026, 0, 1) + trial.position * 6000).toISOString(),
    labels: cell.labels,
    workload: {
      id: spec.workload.id,
      parameters: spec.workload.parameters,
      unit: 'pages',
      loop: 'open',
    },
    guest: {
      memoryBytes: spec.guest.memoryBytes,
      vcpus: spec.guest.vcpus,
      backend: spec.guest.backend,
      cpu: 'qemu64',
    },
    ...{ accelerator: 'tcg', machineType: 'pc-i440fx-10.0', transport: spec.transport },
    qemu: { source: qemu, destination: qemu },
    sandboxMode: 'namespaces',
    ...{ link: spec.link, windows: spec.windows, deadlineMs: spec.deadlineMs },
    requested: { capabilities: spec.capabilities, parameters: spec.parameters },
    effective: { source: effective, destination: effective },
    outcome: converged
      ? { kind: 'completed' }
      : { kind: 'not-converged', detail: 'The deadline passed in pre-copy.' },
    expected: true,
    integrity: 'intact',
    measurements: {
      ...(converged
        ? { downtimeMs: around(120), pauseMs: around(118), expectedDowntimeMs: 300 }
        : {}),
      ...{ totalTimeMs: around(2000), setupTimeMs: around(8), transferredBytes: around(9e7) },
      ...{ wireBytes: around(9.3e7), passes: 3, normalPages: 22000, zeroPages: 76000 },
      ...{ throughputBitsPerSecond: around(4e8), throttleMaxPercent: 0, postcopyRequests: 0 },
      ...{ workloadBaselinePerSecond: around(5120), workloadDuringPerSecond: around(4600) },
      ...{ sourceCpuSeconds: around(0.5), destinationCpuSeconds: around(0.9) },
      ...{ harnessCpuSeconds: around(0.06), hostCpuBusyPercent: around(70) },
    },
    overheadMs: { start: around(300), restore: around(300), migration: around(2000) },
    warnings: [],
    artifacts: { timeline: timelineFileName(trial.id) },
  };
}

/** A record for each trial of a plan: the same ones every time. */
export function syntheticRecords(plan: ResolvedPlan): TrialRecord[] {
  const random = mulberry32(plan.seed);
  return planTrials(plan).map((trial) => syntheticRecord(trial, random));
}

function syntheticTimeline(): string {
  const samples = Array.from({ length: TIMELINE_SAMPLES }, (_, index): TimelineSample => {
    const share = index / TIMELINE_SAMPLES;
    if (index % 8 === 0) {
      return { atMs: index * 15, kind: 'progress', progress: index * 80, progressPerSecond: 5120 };
    }
    return {
      ...{ atMs: index * 15, kind: 'migration', status: 'active', pass: 1 + Math.floor(share * 3) },
      remainingBytes: Math.round(4e8 * (1 - share)),
      transferredBytes: Math.round(9e7 * share),
      ...{ rateBitsPerSecond: 4e8, dirtyPagesPerSecond: 5000, throttlePercent: 0 },
    };
  });
  return samples.map((sample) => `${JSON.stringify(sample)}\n`).join('');
}

function syntheticEnvironment(plan: ResolvedPlan, plannedTrials: number): Environment {
  return {
    ...{ schemaVersion: 1, runId: RUN_ID, migbench: '0.0.0', node: process.versions.node },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', planName: plan.name, planHash: RUN_ID },
    ...{ seed: plan.seed, repetitions: plan.repetitions, thresholds: [], plannedTrials },
    host: { kernel: '', cpuModel: '', cpus: 2, memoryBytes: 8 * 1024 ** 3, distribution: '' },
    ...{ sandboxMode: 'namespaces', guestNetwork: 'tap', notes: [], accelerators: [], qemu: [] },
    image: { key: '', kernel: '', suite: '' },
    calibrations: [],
  };
}

/** Write the run directory of a plan as if all of it had been run; returns the number of its trials. */
export async function writeSyntheticRun(directory: string, plan: ResolvedPlan): Promise<number> {
  const records = syntheticRecords(plan);
  const environment = syntheticEnvironment(plan, records.length);
  await using writer = await RunWriter.create(directory, { planText: '', plan, environment });
  const timeline = syntheticTimeline();
  for (const record of records) {
    await writer.append(record);
    const folder = await writer.trialFolder(record.trialId);
    await writeFile(join(folder, 'timeline.jsonl'), timeline);
  }
  return records.length;
}
