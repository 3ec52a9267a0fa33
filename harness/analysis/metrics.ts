/** The catalogue of what a trial measures: each metric's column, unit, title and which way is better. */
import type { Measurements } from '../record/schema.ts';

/** Units of metrics as they are printed in cells.csv. `1/s` is the workload's own unit per second. */
export type MetricUnit =
  'ms' | 'us' | 's' | 'bytes' | 'bit/s' | 'pages' | 'pages/s' | '1/s' | '%' | 'count';

export interface Metric {
  /** Its name in a record's `measurements`. */
  readonly key: keyof Measurements;
  /** Its column in trials.csv, and its name in cells.csv and in thresholds. */
  readonly column: string;
  readonly unit: MetricUnit;
  /** For headings: "Downtime (reported)". */
  readonly title: string;
  /** `neither` for what only explains other figures. */
  readonly better: 'lower' | 'higher' | 'neither';
  /** Decimals that mean something, in `unit`. */
  readonly digits: number;
}

type Row = readonly [keyof Measurements, string, MetricUnit, string, Metric['better'], number];

const rows: readonly Row[] = [
  ['totalTimeMs', 'total_time_ms', 'ms', 'Total time', 'lower', 0],
  ['setupTimeMs', 'setup_time_ms', 'ms', 'Setup time', 'lower', 0],
  ['expectedDowntimeMs', 'expected_downtime_ms', 'ms', 'Expected downtime', 'neither', 0],
  ['downtimeMs', 'downtime_ms', 'ms', 'Downtime (reported)', 'lower', 0],
  ['pauseMs', 'pause_ms', 'ms', 'Pause', 'lower', 1],
  ['switchoverGapMs', 'switchover_gap_ms', 'ms', 'Switchover gap', 'lower', 1],
  ['blackoutMs', 'blackout_ms', 'ms', 'Blackout', 'lower', 1],
  ['blackoutFloorMs', 'blackout_floor_ms', 'ms', 'Blackout floor', 'neither', 1],
  ['serviceOutageMs', 'service_outage_ms', 'ms', 'Service outage', 'lower', 1],
  ['transferredBytes', 'transferred_bytes', 'bytes', 'Transferred', 'lower', 0],
  ['wireBytes', 'wire_bytes', 'bytes', 'On the wire', 'lower', 0],
  ['storageBytes', 'storage_bytes', 'bytes', 'Storage', 'lower', 0],
  ['passes', 'passes', 'count', 'Passes', 'lower', 0],
  ['normalPages', 'normal_pages', 'pages', 'Normal pages', 'lower', 0],
  ['zeroPages', 'zero_pages', 'pages', 'Zero pages', 'neither', 0],
  ['dirtyPagesPerSecond', 'dirty_pages_per_second', 'pages/s', 'Dirty rate', 'neither', 0],
  ['throughputBitsPerSecond', 'throughput_bits_per_second', 'bit/s', 'Throughput', 'higher', 0],
  ['throttleMaxPercent', 'throttle_max_percent', '%', 'CPU throttle (highest)', 'lower', 0],
  ['postcopyRequests', 'postcopy_requests', 'count', 'Post-copy page requests', 'lower', 0],
  ['postcopyBlocktimeMs', 'postcopy_blocktime_ms', 'ms', 'Post-copy block time', 'lower', 0],
  ['heartbeatPeriodUs', 'heartbeat_period_us', 'us', 'Heartbeat period', 'neither', 0],
  ['heartbeatJitterP99Ms', 'heartbeat_jitter_p99_ms', 'ms', 'Heartbeat jitter (p99)', 'neither', 2],
  ['gapsOver100ms', 'gaps_over_100ms', 'count', 'Gaps over 100 ms', 'lower', 0],
  ['clockStepMs', 'clock_step_ms', 'ms', 'Guest clock step', 'neither', 1],
  [
    'workloadBaselinePerSecond',
    'workload_baseline_per_second',
    '1/s',
    'Workload before',
    'neither',
    1,
  ],
  ['workloadDuringPerSecond', 'workload_during_per_second', '1/s', 'Workload during', 'higher', 1],
  [
    'workloadMinimumPerSecond',
    'workload_minimum_per_second',
    '1/s',
    'Workload minimum',
    'higher',
    1,
  ],
  ['brownoutMs', 'brownout_ms', 'ms', 'Brownout', 'lower', 0],
  ['workloadLostSeconds', 'workload_lost_seconds', 's', 'Workload lost', 'lower', 2],
  ['serviceP99BaselineMs', 'service_p99_baseline_ms', 'ms', 'Service p99 before', 'neither', 2],
  ['serviceP99DuringMs', 'service_p99_during_ms', 'ms', 'Service p99 during', 'lower', 2],
  ['serviceErrors', 'service_errors', 'count', 'Service errors', 'lower', 0],
  ['sourceCpuSeconds', 'source_cpu_seconds', 's', 'Source CPU', 'lower', 2],
  ['destinationCpuSeconds', 'destination_cpu_seconds', 's', 'Destination CPU', 'lower', 2],
  ['harnessCpuSeconds', 'harness_cpu_seconds', 's', 'Harness CPU', 'neither', 2],
  ['hostCpuBusyPercent', 'host_cpu_busy_percent', '%', 'Host CPU busy', 'neither', 1],
  ['storageMs', 'storage_ms', 'ms', 'Disk mirrored in', 'lower', 0],
];

/** All metrics, in the order of their columns in trials.csv. */
export const metrics: readonly Metric[] = rows.map(
  ([key, column, unit, title, better, digits]) => ({ key, column, unit, title, better, digits }),
);

const byKey = new Map(metrics.map((metric) => [metric.key, metric]));

/** The metric of a measurement. */
export function metricOf(key: keyof Measurements): Metric {
  const metric = byKey.get(key);
  if (metric === undefined) throw new RangeError(`no metric ${key}`);
  return metric;
}
