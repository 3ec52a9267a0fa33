/**
 * The record: one JSON line per trial in RUN/trials.jsonl, and RUN/environment.json for what a whole run shares.
 *
 * This is the only joint between the measuring half and the reporting half. Fields are only ever added; a change
 * of meaning raises SCHEMA_VERSION. An absent field is unknown or not applicable: never 0.
 */
import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const limit = z.union([z.number(), z.literal('unlimited')]);
const value = z.union([z.number(), z.string(), z.boolean()]);

/** Why a trial failed: a closed list. */
export const failureReasons = [
  'migration-error',
  'source-exited',
  'destination-exited',
  'guest-dead',
  'guest-damaged',
  'postcopy-paused',
  'postcopy-deadline',
  'qmp-timeout',
  'qmp-error',
  'setup-error',
] as const;

/** Why a trial's figures must not be used, although nothing failed: a closed list. */
export const invalidReasons = ['load-gate', 'workload-not-running', 'observation-missing'] as const;

/** Why a trial was not tried: a closed list. */
export const skipReasons = [
  'capability-missing',
  'parameter-missing',
  'capability-refused',
  'host-forbids',
  'mode-forbids',
  'not-supported',
  'parameter-refused',
] as const;

/** What became of a trial. Only `completed` has a downtime. */
export const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('completed') }),
  z.object({ kind: z.literal('not-converged'), detail: z.string() }),
  z.object({
    kind: z.literal('failed'),
    reason: z.enum(failureReasons),
    /** QEMU's own words, or the harness's. */
    detail: z.string(),
  }),
  z.object({
    kind: z.literal('skipped'),
    reason: z.enum(skipReasons),
    detail: z.string(),
    /** What the reader can do about it. */
    remedy: z.string().optional(),
  }),
  z.object({ kind: z.literal('invalid'), reason: z.enum(invalidReasons), detail: z.string() }),
]);

/** Capabilities and parameters in QEMU's names and units, `unlimited` for its 0 where that is what 0 means. */
const settingsSchema = z.object({
  capabilities: z.record(z.string(), z.boolean()),
  parameters: z.record(z.string(), value),
});

const qemuSchema = z.object({
  /** As the plan names it: `system`, `debian:trixie`, … */
  reference: z.string(),
  /** e.g. `10.0.13`. */
  version: z.string(),
  /** The vendor's own string, e.g. `Debian 1:10.0.13+ds-0+deb13u1`; empty where the build has none. */
  package: z.string(),
});

/** What one trial measured. The columns of trials.csv are these, in snake case. */
export const measurementsSchema = z.object({
  totalTimeMs: z.number(),
  setupTimeMs: z.number(),
  expectedDowntimeMs: z.number(),
  downtimeMs: z.number(),
  pauseMs: z.number(),
  switchoverGapMs: z.number(),
  blackoutMs: z.number(),
  blackoutFloorMs: z.number(),
  serviceOutageMs: z.number(),
  transferredBytes: z.number(),
  wireBytes: z.number(),
  storageBytes: z.number(),
  passes: z.number(),
  normalPages: z.number(),
  zeroPages: z.number(),
  dirtyPagesPerSecond: z.number(),
  throughputBitsPerSecond: z.number(),
  throttleMaxPercent: z.number(),
  postcopyRequests: z.number(),
  postcopyBlocktimeMs: z.number(),
  heartbeatPeriodUs: z.number(),
  heartbeatJitterP99Ms: z.number(),
  gapsOver100ms: z.number(),
  clockStepMs: z.number(),
  workloadBaselinePerSecond: z.number(),
  workloadDuringPerSecond: z.number(),
  workloadMinimumPerSecond: z.number(),
  brownoutMs: z.number(),
  workloadLostSeconds: z.number(),
  serviceP99BaselineMs: z.number(),
  serviceP99DuringMs: z.number(),
  serviceErrors: z.number(),
  sourceCpuSeconds: z.number(),
  destinationCpuSeconds: z.number(),
  harnessCpuSeconds: z.number(),
  hostCpuBusyPercent: z.number(),
  storageMs: z.number(),
});

/** A warning that goes with a trial: a closed code, and a sentence that ends in what to do next. */
const warningSchema = z.object({ code: z.string(), message: z.string() });

/** One line of RUN/trials.jsonl. */
export const trialRecordSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  runId: z.string(),
  cellId: z.string(),
  trialId: z.string(),
  block: z.number().int(),
  position: z.number().int(),
  repetition: z.number().int(),
  /** RFC 3339, UTC. */
  startedAt: z.string(),
  labels: z.object({
    workload: z.string(),
    setting: z.string(),
    link: z.string(),
    guest: z.string(),
    qemu: z.string(),
  }),
  workload: z.object({
    id: z.string(),
    parameters: z.record(z.string(), value),
    unit: z.string(),
    loop: z.enum(['open', 'closed', 'none']),
  }),
  guest: z.object({
    memoryBytes: z.number(),
    vcpus: z.number(),
    backend: z.string(),
    cpu: z.string().optional(),
    /** Entries of KVM's dirty ring per vCPU; absent = a bitmap. */
    dirtyRing: z.number().optional(),
    /** `mirror`: the destination has a disk of its own; absent = both sides open the same, or there is none. */
    storage: z.enum(['mirror']).optional(),
  }),
  /** Known once the accelerator was probed; absent in a trial skipped before that. */
  accelerator: z.enum(['kvm', 'tcg']).optional(),
  machineType: z.string().optional(),
  qemu: z.object({ source: qemuSchema, destination: qemuSchema }),
  transport: z.string(),
  sandboxMode: z.enum(['namespaces', 'loopback']),
  link: z.object({
    bandwidthBitsPerSecond: limit,
    delayUs: z.number().optional(),
    lossPercent: z.number().optional(),
    competingBitsPerSecond: z.number().optional(),
  }),
  windows: z.object({
    baselineMs: z.number(),
    settleMs: z.number(),
    settleLimitMs: z.number(),
  }),
  deadlineMs: z.number(),
  /** What the plan asked for. */
  requested: settingsSchema,
  /** What each side answered when asked after setting; absent where the trial never got so far. */
  effective: z.object({ source: settingsSchema, destination: settingsSchema }).optional(),
  outcome: outcomeSchema,
  /** Whether the outcome is one the plan allows (`expect`); an unexpected one is exit code 4. */
  expected: z.boolean(),
  integrity: z.enum(['intact', 'damaged', 'unchecked', 'dead']).optional(),
  integrityDetail: z.string().optional(),
  measurements: measurementsSchema.partial(),
  /** Where the harness's own time went, in ms from the start of the trial: name → length. */
  overheadMs: z.record(z.string(), z.number()),
  warnings: z.array(warningSchema),
  /** Files of this trial, relative to the run directory: name → path. */
  artifacts: z.record(z.string(), z.string()),
  /** What the probes saw that fits no column, by probe: plain data. */
  details: z.record(z.string(), z.unknown()).optional(),
});

/** One sample of RUN/trials/<trial>/timeline.jsonl: times are ms since `migrate` was sent, monotonic. */
export const timelineSampleSchema = z.object({
  atMs: z.number(),
  kind: z.enum(['migration', 'progress', 'phase', 'wire', 'cpu', 'heartbeat', 'service']),
  /** For `phase`: `setup`, `pass 1`, `switchover`, `postcopy`, `aftermath`, … */
  phase: z.string().optional(),
  /** For `migration`: the status QEMU gave, and its figures. */
  status: z.string().optional(),
  remainingBytes: z.number().optional(),
  transferredBytes: z.number().optional(),
  rateBitsPerSecond: z.number().optional(),
  dirtyPagesPerSecond: z.number().optional(),
  throttlePercent: z.number().optional(),
  pass: z.number().optional(),
  /** For `progress`: units of work since the guest program began, and units/s over the last interval. */
  progress: z.number().optional(),
  progressPerSecond: z.number().optional(),
  /** For `wire`: bytes in this interval towards the destination and back. */
  bytesToDestination: z.number().optional(),
  bytesToSource: z.number().optional(),
  /** Everything else a probe has to say, by name. */
  values: z.record(z.string(), z.number()).optional(),
});

/** One calibration of the host with tinybench: the same small tasks each time. */
export const calibrationSchema = z.object({
  /** RFC 3339, UTC. */
  at: z.string(),
  tasks: z.array(
    z.object({
      name: z.string(),
      /** Median time of one iteration, ms. */
      medianMs: z.number(),
      /** Median absolute deviation, ms. */
      madMs: z.number(),
      iterations: z.number(),
    }),
  ),
});

/** RUN/environment.json: what all trials of a run share. */
export const environmentSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  runId: z.string(),
  migbench: z.string(),
  node: z.string(),
  /** RFC 3339, UTC; the one wall-clock anchor of the run. */
  startedAt: z.string(),
  planName: z.string(),
  planHash: z.string(),
  seed: z.number(),
  repetitions: z.number(),
  thresholds: z.array(z.string()),
  /** Trials the plan asks for: a run with fewer records is incomplete. */
  plannedTrials: z.number(),
  /** Cells that were to be run; absent in older records. */
  plannedCells: z.number().optional(),
  host: z.object({
    kernel: z.string(),
    cpuModel: z.string(),
    cpus: z.number(),
    memoryBytes: z.number(),
    distribution: z.string(),
  }),
  sandboxMode: z.enum(['namespaces', 'loopback']),
  /** How guests reach the client: a tap on the service bridge, or QEMU's user-mode network. */
  guestNetwork: z.enum(['tap', 'user']),
  /** Why a better mode was not possible, with the remedy; empty where nothing was lost. */
  notes: z.array(z.string()),
  accelerators: z.array(
    z.object({
      qemu: z.string(),
      chosen: z.enum(['kvm', 'tcg']),
      /** Why KVM was not used. */
      reason: z.string().optional(),
    }),
  ),
  qemu: z.array(
    qemuSchema.extend({
      /** SHA-256 of the emulator's binary. */
      sha256: z.string(),
    }),
  ),
  image: z.object({ key: z.string(), kernel: z.string(), suite: z.string() }),
  calibrations: z.array(calibrationSchema),
  /** The glob on cell ids that the run was restricted to; absent = all cells. */
  only: z.string().optional(),
  /** Every cell was done as A and as B by turns (`--aa`); absent = no. */
  aa: z.boolean().optional(),
  /** Of `regress`: the QEMU (a label) that the others are compared with. */
  base: z.string().optional(),
  /** All builds began from guests that this one (a reference) booted and saved; absent = each source's own. */
  bootedBy: z.string().optional(),
  /** Blocks were added until intervals were as narrow as this fraction (`--until-precision`); absent = none were. */
  untilPrecision: z.number().optional(),
  /** What `--set` and `--repetitions` changed of plan.yaml, as `path=value`; absent = nothing, or not recorded. */
  overrides: z.array(z.string()).optional(),
});

export type Outcome = z.infer<typeof outcomeSchema>;
export type FailureReason = (typeof failureReasons)[number];
export type SkipReason = (typeof skipReasons)[number];
export type Measurements = Partial<z.infer<typeof measurementsSchema>>;
export type TrialRecord = z.infer<typeof trialRecordSchema>;
export type TrialWarning = z.infer<typeof warningSchema>;
export type TimelineSample = z.infer<typeof timelineSampleSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type Environment = z.infer<typeof environmentSchema>;
