/**
 * How long a plan takes, for `migbench plan` and before a run: templates, then for each trial restore, load gate,
 * windows, migration and verification.
 *
 * The constants were measured on two cores under TCG (docs/benchmarks.md#predicted-times). It knows nothing of the
 * host it runs on, and does not count what is fetched and probed the first time.
 */
import type { WorkloadDefinition } from '../../workloads/types.ts';
import { footprintOf, type Footprint } from './footprint.ts';
import { precopyMs } from './predict-precopy.ts';
import type { CellSpec, Limit, LinkShape, PlannedTrial } from './types.ts';

/** Memory of a booted guest that is not zero: this, and one part in 32 of its memory, in bytes. */
const BOOTED_BYTES = 62e6;
const BOOTED_FRACTION = 1 / 32;
/** QEMU's default of `max-bandwidth`, in bytes/s. */
const DEFAULT_BANDWIDTH = 128 * 1024 * 1024;
/** QEMU's default of `downtime-limit`, in ms. */
const DEFAULT_DOWNTIME_MS = 300;
/** What a QEMU sends and another receives on two cores, in bytes/s; guest memory by compression. */
const HOST_BANDWIDTH = 400e6;
const COMPRESSED_BANDWIDTH: Readonly<Record<string, number>> = { zlib: 80e6, zstd: 250e6 };
/** At which QEMU looks for zero pages, in bytes of guest memory per second. */
const SCANNED_PER_SECOND = 10e9;
/** Bytes on the link for a byte of memory: headers of pages, TCP and Ethernet. */
const WIRE_OVERHEAD = 1.05;
/** A saved guest is read and restored at this rate, in bytes/s. */
const RESTORED_PER_SECOND = 800e6;

/** Start, settings, probes and tear-down of a trial, in ms. */
const TRIAL_MS = 300;
/** Until the guest was heard often enough, where there is no load, in ms. */
const ALIVE_MS = 370;
/** The least time in which the aftermath of a load can be seen to be over, in ms. */
const STEADY_MS = 1_000;
/** A new QEMU under a guest whose memory stays, in ms. */
const HAND_OVER_MS = 200;
/** A cancelled migration, in ms. */
const CANCEL_MS = 100;
/** Preparing a run and writing its report, and asking one build what it can do, in ms. */
const RUN_MS = 5_000;
const BUILD_MS = 1_200;
/** Boot of a guest, and choosing its heartbeat (once per guest and host, remembered), in ms. */
const BOOT_MS = 3_000;
const HEARTBEAT_MS = 3_700;

/** Debian's suites from old to new: the machine type of a pair is the newest of its older build. */
const SUITES = ['debian:bullseye', 'debian:bookworm', 'debian:trixie', 'debian:trixie-backports'];

/** What the length of a migration depends on. */
type MigrationSpec = Pick<
  CellSpec,
  'workload' | 'guest' | 'link' | 'capabilities' | 'parameters' | 'postcopy' | 'deadlineMs'
>;

/** Memory of the guest that is not zero once its workload runs, in bytes. */
function usedBytes(spec: MigrationSpec, footprint: Footprint): number {
  const { memoryBytes } = spec.guest;
  return Math.min(
    memoryBytes,
    BOOTED_BYTES + memoryBytes * BOOTED_FRACTION + footprint.residentBytes,
  );
}

/** Bytes of guest memory per second. */
function rateOf({ link, parameters }: MigrationSpec): number {
  const bandwidth = leftForMigration(link);
  const cap = parameters['max-bandwidth'] ?? DEFAULT_BANDWIDTH;
  const compression = COMPRESSED_BANDWIDTH[String(parameters['multifd-compression'])];
  return Math.min(
    compression ?? HOST_BANDWIDTH,
    bandwidth === 'unlimited' ? Infinity : bandwidth / 8 / WIRE_OVERHEAD,
    typeof cap === 'number' ? cap : Infinity,
  );
}

/** The length of the migration itself, in ms; at most the deadline. */
export function estimateMigrationMs(spec: MigrationSpec, definition?: WorkloadDefinition): number {
  if (spec.capabilities['x-ignore-shared'] === true) return 10;
  if (spec.parameters['mode'] === 'cpr-transfer') return HAND_OVER_MS;
  const footprint = footprintOf(spec.workload, definition);
  const whole = spec.parameters['zero-page-detection'] === 'none';
  const used = whole ? spec.guest.memoryBytes : usedBytes(spec, footprint);
  const bytesPerSecond = rateOf(spec);
  const scanMs = (spec.guest.memoryBytes / SCANNED_PER_SECOND) * 1000;
  const { workingSetBytes, writtenPerSecond } = footprint;
  if (spec.postcopy !== undefined) {
    // What was written during the pass before is sent again.
    const again = spec.postcopy.startAfter.kind === 'now' ? 0 : workingSetBytes / 2;
    return Math.min(spec.deadlineMs, scanMs + ((used + again) / bytesPerSecond) * 1000);
  }
  const number = (name: string, otherwise: number): number => {
    const value = spec.parameters[name];
    return typeof value === 'number' ? value : otherwise;
  };
  const ms = precopyMs({
    ...{ bytes: used, bytesPerSecond, workingSetBytes, writtenPerSecond },
    downtimeLimitMs: number('downtime-limit', DEFAULT_DOWNTIME_MS),
    deadlineMs: spec.deadlineMs,
    ...(spec.capabilities['auto-converge'] === true
      ? {
          throttle: {
            initial: number('cpu-throttle-initial', 20),
            increment: number('cpu-throttle-increment', 10),
            maximum: number('max-cpu-throttle', 99),
          },
        }
      : {}),
  });
  return Math.min(spec.deadlineMs, ms + scanMs);
}

/** The length of a whole trial, in ms. */
export function estimateTrialMs(spec: CellSpec, definition?: WorkloadDefinition): number {
  const { baselineMs, settleMs, settleLimitMs } = spec.windows;
  const footprint = footprintOf(spec.workload, definition);
  const migrationMs = estimateMigrationMs(spec, definition);
  const restoreMs = (usedBytes(spec, footprint) / RESTORED_PER_SECOND) * 1000;
  const gate = definition?.gate;
  const gateMs = gate === undefined ? ALIVE_MS : 2 * gate.windowMs;
  const moved = migrationMs < spec.deadlineMs;
  const steadyMs = gate === undefined ? 0 : STEADY_MS;
  const after = moved
    ? Math.min(settleLimitMs, Math.max(settleMs, steadyMs)) + footprint.verifyMs
    : CANCEL_MS;
  return TRIAL_MS + restoreMs + gateMs + baselineMs + migrationMs + after;
}

/** Boot, warm-up and saving of a guest, in ms. */
function templateMs(spec: CellSpec, definition: WorkloadDefinition | undefined): number {
  const footprint = footprintOf(spec.workload, definition);
  const saveMs = (usedBytes(spec, footprint) / RESTORED_PER_SECOND) * 1000;
  return BOOT_MS + HEARTBEAT_MS + footprint.warmUpMs + saveMs;
}

/** What tells templates apart, as far as it is known before the builds are asked. */
function templateKey({ workload, guest, qemu, accelerator }: CellSpec): string {
  const { source, destination } = qemu;
  const [older] = [source, destination].sort((a, b) => SUITES.indexOf(a) - SUITES.indexOf(b));
  const known = SUITES.includes(source) && SUITES.includes(destination);
  const machine = guest.machine ?? (known ? older : destination);
  return JSON.stringify([workload, guest, accelerator, source, machine]);
}

/** The length of a run of these trials, in ms; definitions by workload path or id. */
export function estimateRunMs(
  trials: readonly PlannedTrial[],
  definitions: ReadonlyMap<string, WorkloadDefinition>,
): number {
  const templates = new Set<string>();
  const builds = new Set<string>();
  let total = RUN_MS;
  for (const { cell } of trials) {
    const { workload, qemu } = cell.spec;
    const definition = definitions.get(workload.path ?? workload.id);
    total += estimateTrialMs(cell.spec, definition);
    builds.add(qemu.source).add(qemu.destination);
    const key = templateKey(cell.spec);
    if (templates.has(key)) continue;
    templates.add(key);
    total += templateMs(cell.spec, definition);
  }
  return total + builds.size * BUILD_MS;
}

/** A competing stream does not give way. */
function leftForMigration({
  bandwidthBitsPerSecond,
  competingBitsPerSecond = 0,
}: LinkShape): Limit {
  return bandwidthBitsPerSecond === 'unlimited'
    ? 'unlimited'
    : bandwidthBitsPerSecond - competingBitsPerSecond;
}
