/**
 * What query-migrate answers, in QMP's own names and units.
 *
 * Everything is optional: what is present depends on the build (5.2 … 11.1 were read), the state of the migration and
 * the side that is asked. Fields that are not named here are kept as they came. Nothing is validated: the reply is
 * polled at 20 Hz and more, and `migrationSample` (units.ts) takes only values of the right type from it.
 */

/**
 * States of a migration that are known. Builds add to them: treat an unknown one as running until an end state or a
 * limit.
 */
export type KnownMigrationStatus =
  | 'none'
  | 'setup'
  | 'cancelling'
  | 'cancelled'
  | 'active'
  | 'postcopy-device'
  | 'postcopy-active'
  | 'postcopy-paused'
  | 'postcopy-recover-setup'
  | 'postcopy-recover'
  | 'completed'
  | 'failing'
  | 'failed'
  | 'colo'
  | 'pre-switchover'
  | 'device'
  | 'wait-unplug';

/** A state of a migration, known or not; editors complete the known ones. */
export type MigrationStatus = KnownMigrationStatus | (string & {});

/** `ram` (and, up to 7.2, `disk`) of query-migrate. Counters since the migration began. */
export interface MigrationStats {
  /** Bytes. */
  readonly transferred?: number;
  /** Bytes. */
  readonly remaining?: number;
  /** Bytes. */
  readonly total?: number;
  /** Pages sent as "all zero". */
  readonly duplicate?: number;
  /** Always 0; up to 7.2. */
  readonly skipped?: number;
  /** Pages sent whole. */
  readonly normal?: number;
  /** Bytes. */
  readonly 'normal-bytes'?: number;
  /** Pages per second, over the last pass. */
  readonly 'dirty-pages-rate'?: number;
  /** 10⁶ bits per second. */
  readonly mbps?: number;
  /** Passes over dirty memory. */
  readonly 'dirty-sync-count'?: number;
  /** Pages that the destination asked for. */
  readonly 'postcopy-requests'?: number;
  /** Bytes. */
  readonly 'page-size'?: number;
  /** Bytes. */
  readonly 'multifd-bytes'?: number;
  /** Pages per second. */
  readonly 'pages-per-second'?: number;
  /** Bytes; 7.2 and newer. */
  readonly 'precopy-bytes'?: number;
  /** Bytes sent while the guest was stopped; 7.2 and newer. */
  readonly 'downtime-bytes'?: number;
  /** Bytes; 7.2 and newer. */
  readonly 'postcopy-bytes'?: number;
  /** Passes in which zero-copy fell back to copying; 7.2 and newer. */
  readonly 'dirty-sync-missed-zero-copy'?: number;
  readonly [field: string]: unknown;
}

/** `xbzrle-cache` of query-migrate; present with the capability `xbzrle`. */
export interface XbzrleCacheStats {
  /** Bytes. */
  readonly 'cache-size'?: number;
  /** Bytes sent as differences. */
  readonly bytes?: number;
  readonly pages?: number;
  readonly 'cache-miss'?: number;
  readonly 'cache-miss-rate'?: number;
  readonly 'encoding-rate'?: number;
  readonly overflow?: number;
  readonly [field: string]: unknown;
}

/** The reply to query-migrate; `{}` where no migration was ever started. */
export interface MigrationInfo {
  readonly status?: MigrationStatus;
  readonly ram?: MigrationStats;
  /** Up to 7.2, with the capability `block`. */
  readonly disk?: MigrationStats;
  readonly vfio?: { readonly transferred?: number; readonly [field: string]: unknown };
  readonly 'xbzrle-cache'?: XbzrleCacheStats;
  /** ms since the migration began, and its whole length once it has ended. */
  readonly 'total-time'?: number;
  /** ms; while it runs. */
  readonly 'expected-downtime'?: number;
  /** ms; once it has completed. */
  readonly downtime?: number;
  /** ms. */
  readonly 'setup-time'?: number;
  /** Percent; while auto-converge throttles. */
  readonly 'cpu-throttle-percentage'?: number;
  readonly 'error-desc'?: string;
  /** Why this guest cannot be migrated; 7.2 and newer. */
  readonly 'blocked-reasons'?: readonly string[];
  /** ms in which all vCPUs waited for pages; destination, with `postcopy-blocktime`. */
  readonly 'postcopy-blocktime'?: number;
  /** ms for each vCPU. */
  readonly 'postcopy-vcpu-blocktime'?: readonly number[];
  /** µs; 10.0 and newer, with `dirty-limit`. */
  readonly 'dirty-limit-throttle-time-per-round'?: number;
  /** µs; 10.0 and newer, with `dirty-limit`. */
  readonly 'dirty-limit-ring-full-time'?: number;
  /** Where the destination listens. */
  readonly 'socket-address'?: readonly unknown[];
  readonly [field: string]: unknown;
}
