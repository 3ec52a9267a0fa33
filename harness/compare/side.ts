/** One run as a comparison needs it: its trials are streamed, and only their figures kept. */
import { join } from 'node:path';
import { inPlanOrder } from '../analysis/cells.ts';
import { TRIALS_FILE } from '../record/layout.ts';
import { readRunHeader, type RunPlan } from '../record/reader.ts';
import type { Environment, Outcome, TrialRecord } from '../record/schema.ts';
import { readTrialLines } from '../record/trials.ts';

/** What a comparison keeps of a trial. */
export interface Observation {
  readonly block: number;
  readonly outcome: Outcome['kind'];
  readonly damaged: boolean;
  readonly deadlineMs: number;
  readonly measurements: TrialRecord['measurements'];
}

/** A cell with its trials. */
export interface CellData {
  readonly cellId: string;
  readonly labels: TrialRecord['labels'];
  /** Of plan.resolved.json, unchecked: what the cell is, for pairing; absent where the plan does not have it. */
  readonly spec: unknown;
  /** One per trial; a retried trial with its latest record. */
  readonly observations: readonly Observation[];
  readonly accelerators: readonly string[];
  readonly machineTypes: readonly string[];
  /** Builds of both sides: version and package. */
  readonly qemu: readonly string[];
  /** References of both sides as the plan has them, the transport, and the first accelerator: for grouping. */
  readonly source: string;
  readonly destination: string;
  readonly transport: string;
}

export interface RunSide {
  /** As given. */
  readonly directory: string;
  readonly environment: Environment;
  /** In the plan's order; only cells that have records. */
  readonly cells: readonly CellData[];
  readonly trials: number;
  readonly warnings: readonly string[];
}

interface CellInMaking {
  readonly first: TrialRecord;
  readonly observations: Map<string, Observation>;
  readonly accelerators: Set<string>;
  readonly machineTypes: Set<string>;
  readonly qemu: Set<string>;
}

/**
 * Read a run, one line of trials.jsonl in memory at a time.
 *
 * @throws MigbenchError `record` as `readRun`.
 */
export async function readSide(directory: string): Promise<RunSide> {
  const { environment, plan, hasTrials } = await readRunHeader(directory);
  const making = new Map<string, CellInMaking>();
  const warnings: string[] = [];
  if (hasTrials) {
    for await (const line of readTrialLines(join(directory, TRIALS_FILE))) {
      if (line.kind === 'record') add(making, line.record);
      else {
        warnings.push(
          `${directory}: the last line of ${TRIALS_FILE} is incomplete and was ignored.`,
        );
      }
    }
  }
  const cells = inPlanOrder(
    plan,
    [...making.values()].map((cell) => finished(cell, plan)),
  );
  const trials = cells.reduce((sum, { observations }) => sum + observations.length, 0);
  if (trials < environment.plannedTrials) {
    warnings.push(
      `${directory} has ${trials} of ${environment.plannedTrials} planned trials: the run is not complete.`,
    );
  }
  return { directory, environment, cells, trials, warnings };
}

function add(making: Map<string, CellInMaking>, record: TrialRecord): void {
  let cell = making.get(record.cellId);
  if (cell === undefined) {
    cell = {
      first: record,
      observations: new Map(),
      accelerators: new Set(),
      machineTypes: new Set(),
      qemu: new Set(),
    };
    making.set(record.cellId, cell);
  }
  cell.observations.set(record.trialId, {
    block: record.block,
    outcome: record.outcome.kind,
    damaged: record.integrity === 'damaged',
    deadlineMs: record.deadlineMs,
    measurements: record.measurements,
  });
  if (record.accelerator !== undefined) cell.accelerators.add(record.accelerator);
  if (record.machineType !== undefined) cell.machineTypes.add(record.machineType);
  for (const { version, package: name } of [record.qemu.source, record.qemu.destination]) {
    cell.qemu.add(name === '' ? version : `${version} (${name})`);
  }
}

function finished(cell: CellInMaking, plan: RunPlan): CellData {
  const { first } = cell;
  return {
    cellId: first.cellId,
    labels: first.labels,
    spec: plan.cells.find(({ id }) => id === first.cellId)?.['spec'],
    observations: [...cell.observations.values()],
    accelerators: [...cell.accelerators].toSorted(),
    machineTypes: [...cell.machineTypes].toSorted(),
    qemu: [...cell.qemu],
    source: first.qemu.source.reference,
    destination: first.qemu.destination.reference,
    transport: first.transport,
  };
}
