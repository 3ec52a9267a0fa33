/** From what a trial saw to the record of it. */
import { join } from 'node:path';
import type { PlannedTrial } from '../plan/types.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import {
  SCHEMA_VERSION,
  type Environment,
  type Outcome,
  type TrialRecord,
} from '../record/schema.ts';
import { timelineFileName, trialFolderName } from '../record/layout.ts';
import type { WorkloadDefinition } from '../../workloads/types.ts';
import type { Refusal } from '../qemu/schema-refusal.ts';
import type { TrialResult } from './trial.ts';

/** What a record says of a build. */
export type BuildIdentity = Pick<QemuBuild, 'reference' | 'version' | 'package'>;

/** What every record of a cell has, whatever became of the trial. */
export interface RecordContext {
  readonly environment: Pick<Environment, 'runId' | 'sandboxMode'>;
  readonly trial: PlannedTrial;
  readonly workload: WorkloadDefinition;
  readonly builds: { readonly source: BuildIdentity; readonly destination: BuildIdentity };
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** Known once the accelerator was chosen and the machine type pinned. */
  readonly machine?: {
    readonly accelerator: 'kvm' | 'tcg';
    readonly machineType: string;
    readonly cpu: string;
  };
}

/** Whether the plan allows this outcome of a cell; one it does not allow ends the program with exit code 4. */
export function isExpected(outcome: Outcome, expect: PlannedTrial['cell']['expect']): boolean {
  // An invalid trial is no outcome of the cell: it has an exit code of its own.
  if (outcome.kind === 'invalid') return true;
  // What a host or a build cannot do has not failed: only a plan that insists on completion minds.
  if (outcome.kind === 'skipped') return expect !== 'completed';
  if (expect !== undefined) return outcome.kind === expect;
  return outcome.kind !== 'failed';
}

function frame(context: RecordContext, outcome: Outcome) {
  const { environment, trial, workload, builds, machine } = context;
  const { cell } = trial;
  const { spec } = cell;
  const side = (build: BuildIdentity) => ({
    reference: build.reference,
    version: build.version,
    package: build.package,
  });
  return {
    schemaVersion: SCHEMA_VERSION,
    runId: environment.runId,
    cellId: cell.id,
    trialId: trial.id,
    block: trial.block,
    position: trial.position,
    repetition: trial.repetition,
    startedAt: context.startedAt,
    labels: cell.labels,
    workload: {
      id: workload.id,
      parameters: spec.workload.parameters,
      unit: workload.progressUnit,
      loop: workload.loop(spec.workload.parameters),
    },
    guest: {
      memoryBytes: spec.guest.memoryBytes,
      vcpus: spec.guest.vcpus,
      backend: spec.guest.backend,
      ...(spec.guest.storage === undefined ? {} : { storage: spec.guest.storage }),
      ...(spec.guest.dirtyRing === undefined ? {} : { dirtyRing: spec.guest.dirtyRing }),
      ...(machine === undefined ? {} : { cpu: machine.cpu }),
    },
    ...(machine === undefined
      ? {}
      : { accelerator: machine.accelerator, machineType: machine.machineType }),
    qemu: { source: side(builds.source), destination: side(builds.destination) },
    transport: spec.transport,
    sandboxMode: environment.sandboxMode,
    link: spec.link,
    windows: spec.windows,
    deadlineMs: spec.deadlineMs,
    requested: { capabilities: spec.capabilities, parameters: spec.parameters },
    outcome,
    expected: isExpected(outcome, cell.expect),
  } as const;
}

/** The record of a trial that was run. */
export function recordOf(context: RecordContext, result: TrialResult): TrialRecord {
  const folder = trialFolderName(context.trial.id);
  return {
    ...frame(context, result.outcome),
    ...(result.effective === undefined ? {} : { effective: result.effective }),
    ...(result.integrity === undefined ? {} : { integrity: result.integrity }),
    ...(result.integrityDetail === undefined ? {} : { integrityDetail: result.integrityDetail }),
    measurements: result.measurements,
    overheadMs: result.overheadMs,
    ...(Object.keys(result.details).length === 0 ? {} : { details: result.details }),
    warnings: [...result.warnings],
    artifacts: {
      ...(result.observation === undefined ? {} : { timeline: timelineFileName(context.trial.id) }),
      sourceQmp: join(folder, 'source.qmp.jsonl'),
      destinationQmp: join(folder, 'destination.qmp.jsonl'),
      sourceConsole: join(folder, 'source.console.log'),
      destinationConsole: join(folder, 'destination.console.log'),
    },
  };
}

/** The record of a trial that never got as far as a migration: skipped, or its guest did not come up. */
export function recordWithout(context: RecordContext, outcome: Outcome): TrialRecord {
  return {
    ...frame(context, outcome),
    measurements: {},
    overheadMs: {},
    warnings: [],
    artifacts: {},
  };
}

/** A refusal as an outcome. */
export function skippedBy(refusal: Refusal): Outcome {
  return { kind: 'skipped', ...refusal };
}
