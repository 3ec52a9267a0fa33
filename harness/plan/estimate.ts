/**
 * A rough prediction of how long a plan takes, for `migbench plan` and the first ETA.
 *
 * It knows nothing of the host: it assumes that a migration sends what the guest has written at the rate of the
 * link or of `max-bandwidth`, and that a writer slows pre-copy down by its own rate. Expect it to be wrong by half.
 */
import type { WorkloadDefinition } from '../../workloads/types.ts';
import type { CellSpec, PlannedTrial } from './types.ts';

/** Non-zero memory of a booted guest without load, in bytes (98 MB were sent for an idle one in trials). */
const IDLE_GUEST_BYTES = 100e6;
/** QEMU's default of `max-bandwidth`, in bytes/s. */
const DEFAULT_BANDWIDTH = 128 * 1024 * 1024;
/** What one sending thread reaches on a small host, in bytes/s. */
const HOST_BANDWIDTH = 500e6;
/** Restore, load gate, verification and tear-down of a trial, in ms. */
const TRIAL_OVERHEAD_MS = 3_000;
/** The least time in which the aftermath can be seen to be over, in ms. */
const STEADY_MS = 1_000;
/** Boot, set-up and saving of a template, in ms. */
const TEMPLATE_MS = 15_000;

/** Sum of the parameters of one kind, in base units. */
function sumOf(
  spec: CellSpec,
  definition: WorkloadDefinition | undefined,
  kind: 'bytes' | 'bytes-per-second',
): number {
  return Object.entries(definition?.parameters ?? {}).reduce((sum, [name, parameter]) => {
    const value = spec.workload.parameters[name];
    return parameter.kind === kind && typeof value === 'number' ? sum + value : sum;
  }, 0);
}

/** Rough length of the migration itself, in ms; at most the deadline. */
export function estimateMigrationMs(spec: CellSpec, definition?: WorkloadDefinition): number {
  const link = spec.link.bandwidthBitsPerSecond;
  const cap = spec.parameters['max-bandwidth'] ?? DEFAULT_BANDWIDTH;
  const rate = Math.min(
    HOST_BANDWIDTH,
    link === 'unlimited' ? Infinity : link / 8,
    typeof cap === 'number' ? cap : Infinity,
  );
  const bytes = Math.min(
    spec.guest.memoryBytes,
    IDLE_GUEST_BYTES + sumOf(spec, definition, 'bytes'),
  );
  const dirtied = spec.postcopy === undefined ? sumOf(spec, definition, 'bytes-per-second') : 0;
  const remaining = rate - dirtied;
  const ms = remaining > 0 ? (bytes / remaining) * 1000 : Infinity;
  return Math.min(spec.deadlineMs, ms);
}

/** Rough length of a whole trial, in ms. */
export function estimateTrialMs(spec: CellSpec, definition?: WorkloadDefinition): number {
  const { baselineMs, settleMs, settleLimitMs } = spec.windows;
  const aftermath = Math.min(settleLimitMs, Math.max(settleMs, STEADY_MS));
  return TRIAL_OVERHEAD_MS + baselineMs + estimateMigrationMs(spec, definition) + aftermath;
}

/** Rough length of a run of these trials, in ms; definitions by workload path or id. */
export function estimateRunMs(
  trials: readonly PlannedTrial[],
  definitions: ReadonlyMap<string, WorkloadDefinition>,
): number {
  const templates = new Set<string>();
  let total = 0;
  for (const { cell } of trials) {
    const { workload, guest, qemu } = cell.spec;
    templates.add(JSON.stringify([workload, guest, qemu.source]));
    total += estimateTrialMs(cell.spec, definitions.get(workload.path ?? workload.id));
  }
  return total + templates.size * TEMPLATE_MS;
}
