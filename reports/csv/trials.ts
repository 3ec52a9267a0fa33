/** trials.csv: one row per trial. The columns and their order are a contract (docs/formats.md). */
import { metrics } from '../../harness/analysis/metrics.ts';
import type { TrialRecord } from '../../harness/record/schema.ts';
import { effectiveParameter, enabledCapabilities, qemuName } from '../settings.ts';
import { csvRows, type CsvValue } from './write.ts';

type Column = readonly [name: string, value: (record: TrialRecord) => CsvValue];

const before: readonly Column[] = [
  ['run_id', (r) => r.runId],
  ['cell_id', (r) => r.cellId],
  ['trial_id', (r) => r.trialId],
  ['block', (r) => r.block],
  ['position', (r) => r.position],
  ['repetition', (r) => r.repetition],
  ['started_at', (r) => r.startedAt],
  ['workload', (r) => r.labels.workload],
  ['workload_params', (r) => JSON.stringify(r.workload.parameters)],
  ['guest_memory_bytes', (r) => r.guest.memoryBytes],
  ['guest_vcpus', (r) => r.guest.vcpus],
  ['accelerator', (r) => r.accelerator],
  ['machine_type', (r) => r.machineType],
  ['source_qemu', (r) => qemuName(r.qemu.source)],
  ['destination_qemu', (r) => qemuName(r.qemu.destination)],
  ['setting', (r) => r.labels.setting],
  ['capabilities', (r) => enabledCapabilities(r).join('+')],
  ['parameters', (r) => JSON.stringify(r.requested.parameters)],
  ['transport', (r) => r.transport],
  ['sandbox_mode', (r) => r.sandboxMode],
  ['link_bandwidth_bits_per_second', (r) => r.link.bandwidthBitsPerSecond],
  ['link_delay_us', (r) => r.link.delayUs],
  ['link_loss_percent', (r) => r.link.lossPercent],
  ['competing_bits_per_second', (r) => r.link.competingBitsPerSecond],
  ['max_bandwidth_bytes_per_second', (r) => effectiveParameter(r, 'max-bandwidth')],
  ['downtime_limit_ms', (r) => effectiveParameter(r, 'downtime-limit')],
  ['outcome', (r) => r.outcome.kind],
  ['outcome_reason', (r) => ('reason' in r.outcome ? r.outcome.reason : undefined)],
  ['integrity', (r) => r.integrity],
];

/** Columns that came after the format was fixed stand at the end. */
const LATER: ReadonlySet<string> = new Set(['storage_ms']);

const allMeasured: readonly Column[] = metrics.map((metric) => [
  metric.column,
  (record) => record.measurements[metric.key],
]);
const measured = allMeasured.filter(([name]) => !LATER.has(name));
const later = allMeasured.filter(([name]) => LATER.has(name));

/** The workload's unit stands before its rates. */
const unitColumn: Column = ['workload_unit', (r) => r.workload.unit];
const firstRate = measured.findIndex(([name]) => name === 'workload_baseline_per_second');

const after: readonly Column[] = [
  ['warnings', (r) => r.warnings.map(({ code, message }) => `${code}: ${message}`).join('; ')],
];

const columns: readonly Column[] = [
  ...before,
  ...measured.slice(0, firstRate),
  unitColumn,
  ...measured.slice(firstRate),
  ...after,
  ...later,
];

/** Column names of trials.csv, in order. */
export const trialColumns: readonly string[] = columns.map(([name]) => name);

/** The whole of trials.csv. */
export function trialsCsv(records: readonly TrialRecord[]): string {
  return csvRows([
    trialColumns,
    ...records.map((record) => columns.map(([, value]) => value(record))),
  ]);
}
