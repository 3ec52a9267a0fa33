/** query-migrate's names and units → ours, once. For parameters see parameters.ts. */
import type { MigrationInfo, MigrationStats, MigrationStatus } from './migration-info.ts';

/** One moment of a migration. Every field is absent where QEMU did not give it: never 0 instead. */
export interface MigrationSample {
  readonly status?: MigrationStatus;
  /** Since the migration began. */
  readonly totalTimeMs?: number;
  readonly setupTimeMs?: number;
  /** QEMU's own figure; once completed. */
  readonly downtimeMs?: number;
  /** QEMU's guess while it runs. */
  readonly expectedDowntimeMs?: number;
  readonly transferredBytes?: number;
  /** Of RAM. */
  readonly remainingBytes?: number;
  /** Of RAM. */
  readonly totalBytes?: number;
  readonly pageSizeBytes?: number;
  /** Pages sent whole. */
  readonly normalPages?: number;
  /** Bytes of the pages sent whole. */
  readonly normalBytes?: number;
  /** Pages sent as "all zero" (`duplicate`). */
  readonly zeroPages?: number;
  readonly dirtyPagesPerSecond?: number;
  /** Pages sent per second. */
  readonly sentPagesPerSecond?: number;
  /** Passes over dirty memory so far (`dirty-sync-count`). */
  readonly passes?: number;
  /** `mbps` × 10⁶. */
  readonly rateBitsPerSecond?: number;
  /** By auto-converge. */
  readonly throttlePercent?: number;
  readonly multifdBytes?: number;
  readonly precopyBytes?: number;
  /** Sent while the guest was stopped. */
  readonly downtimeBytes?: number;
  readonly postcopyBytes?: number;
  /** Pages the destination asked for. */
  readonly postcopyRequests?: number;
  /** All vCPUs waited at once; asked of the destination. */
  readonly postcopyBlocktimeMs?: number;
  /** For each vCPU; asked of the destination. */
  readonly postcopyVcpuBlocktimeMs?: readonly number[];
  /** Passes in which zero-copy fell back to copying. */
  readonly zeroCopyMissedPasses?: number;
  /** Of block migration (up to 7.2). */
  readonly storageBytes?: number;
  /** Of VFIO devices. */
  readonly vfioBytes?: number;
  readonly xbzrleBytes?: number;
  readonly xbzrlePages?: number;
  readonly xbzrleCacheMisses?: number;
  readonly xbzrleOverflows?: number;
  readonly dirtyLimitThrottleUs?: number;
  readonly dirtyLimitRingFullUs?: number;
  /** QEMU's own words for a failure. */
  readonly errorDescription?: string;
  /** Numbers that have no field here, by QMP's own path (`remaining`, `postcopy-latency`): a build may add any. */
  readonly others?: Readonly<Record<string, number>>;
  /** Why this guest cannot be migrated. */
  readonly blockedReasons?: readonly string[];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type NumberField = {
  [Key in keyof MigrationSample]-?: Exclude<MigrationSample[Key], undefined> extends number
    ? Key
    : never;
}[keyof MigrationSample];

const TOP_FIELDS: readonly (readonly [string, NumberField])[] = [
  ['total-time', 'totalTimeMs'],
  ['setup-time', 'setupTimeMs'],
  ['downtime', 'downtimeMs'],
  ['expected-downtime', 'expectedDowntimeMs'],
  ['cpu-throttle-percentage', 'throttlePercent'],
  ['postcopy-blocktime', 'postcopyBlocktimeMs'],
  ['dirty-limit-throttle-time-per-round', 'dirtyLimitThrottleUs'],
  ['dirty-limit-ring-full-time', 'dirtyLimitRingFullUs'],
];

const RAM_FIELDS: readonly (readonly [string, NumberField])[] = [
  ['transferred', 'transferredBytes'],
  ['remaining', 'remainingBytes'],
  ['total', 'totalBytes'],
  ['page-size', 'pageSizeBytes'],
  ['normal', 'normalPages'],
  ['normal-bytes', 'normalBytes'],
  ['duplicate', 'zeroPages'],
  ['dirty-pages-rate', 'dirtyPagesPerSecond'],
  ['pages-per-second', 'sentPagesPerSecond'],
  ['dirty-sync-count', 'passes'],
  ['multifd-bytes', 'multifdBytes'],
  ['precopy-bytes', 'precopyBytes'],
  ['downtime-bytes', 'downtimeBytes'],
  ['postcopy-bytes', 'postcopyBytes'],
  ['postcopy-requests', 'postcopyRequests'],
  ['dirty-sync-missed-zero-copy', 'zeroCopyMissedPasses'],
];

const XBZRLE_FIELDS: readonly (readonly [string, NumberField])[] = [
  ['bytes', 'xbzrleBytes'],
  ['pages', 'xbzrlePages'],
  ['cache-miss', 'xbzrleCacheMisses'],
  ['overflow', 'xbzrleOverflows'],
];

type Draft = Mutable<MigrationSample>;

/** A reply of query-migrate in our names and units. Values of an unexpected type are treated as absent. */
export function migrationSample(reply: MigrationInfo): MigrationSample {
  const sample: Draft = {};
  if (typeof reply.status === 'string') sample.status = reply.status;
  copyNumbers(reply, TOP_FIELDS, sample);
  if (reply.ram !== undefined) {
    copyNumbers(reply.ram, RAM_FIELDS, sample);
    const rate = bitsPerSecond(reply.ram);
    if (rate !== undefined) sample.rateBitsPerSecond = rate;
  }
  const xbzrle = reply['xbzrle-cache'];
  if (xbzrle !== undefined) copyNumbers(xbzrle, XBZRLE_FIELDS, sample);
  if (reply.disk !== undefined) copyNumbers(reply.disk, [['transferred', 'storageBytes']], sample);
  if (reply.vfio !== undefined) copyNumbers(reply.vfio, [['transferred', 'vfioBytes']], sample);
  if (typeof reply['error-desc'] === 'string') sample.errorDescription = reply['error-desc'];
  const blocked = reply['blocked-reasons'];
  if (Array.isArray(blocked)) sample.blockedReasons = blocked;
  const vcpus = reply['postcopy-vcpu-blocktime'];
  if (Array.isArray(vcpus)) sample.postcopyVcpuBlocktimeMs = vcpus;
  const others = otherNumbers(reply);
  if (Object.keys(others).length > 0) sample.others = others;
  return sample;
}

const KNOWN_PATHS: ReadonlySet<string> = new Set([
  ...TOP_FIELDS.map(([theirs]) => theirs),
  ...RAM_FIELDS.map(([theirs]) => `ram.${theirs}`),
  ...XBZRLE_FIELDS.map(([theirs]) => `xbzrle-cache.${theirs}`),
  'ram.mbps',
  'disk.transferred',
  'vfio.transferred',
]);

/** Numbers of the reply that the tables do not name, one level deep. */
function otherNumbers(reply: { readonly [field: string]: unknown }): Record<string, number> {
  const found: Record<string, number> = {};
  const take = (path: string, value: unknown) => {
    if (typeof value === 'number' && !KNOWN_PATHS.has(path)) found[path] = value;
  };
  for (const [name, value] of Object.entries(reply)) {
    take(name, value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    for (const [inner, number] of Object.entries(value)) take(`${name}.${inner}`, number);
  }
  return found;
}

function copyNumbers(
  from: { readonly [field: string]: unknown },
  fields: readonly (readonly [string, NumberField])[],
  sample: Draft,
): void {
  for (const [theirs, ours] of fields) {
    const value = from[theirs];
    if (typeof value === 'number') sample[ours] = value;
  }
}

/** Rounded to whole bits: `mbps` is a double whose last digits are noise. */
function bitsPerSecond(ram: MigrationStats): number | undefined {
  return typeof ram.mbps === 'number' ? Math.round(ram.mbps * 1_000_000) : undefined;
}
