/** timeline.csv: the samples of all trials, one row each, in the order of the trials. */
import type { TimelineSample, TrialRecord } from '../../harness/record/schema.ts';
import { csvRows, type CsvValue } from './write.ts';

type Column = readonly [name: string, value: (sample: TimelineSample) => CsvValue];

const columns: readonly Column[] = [
  ['at_ms', (s) => s.atMs],
  ['kind', (s) => s.kind],
  ['phase', (s) => s.phase],
  ['status', (s) => s.status],
  ['remaining_bytes', (s) => s.remainingBytes],
  ['transferred_bytes', (s) => s.transferredBytes],
  ['rate_bits_per_second', (s) => s.rateBitsPerSecond],
  ['dirty_pages_per_second', (s) => s.dirtyPagesPerSecond],
  ['throttle_percent', (s) => s.throttlePercent],
  ['pass', (s) => s.pass],
  ['progress', (s) => s.progress],
  ['progress_per_second', (s) => s.progressPerSecond],
  ['bytes_to_destination', (s) => s.bytesToDestination],
  ['bytes_to_source', (s) => s.bytesToSource],
  ['values', (s) => (s.values === undefined ? undefined : JSON.stringify(s.values))],
];

/** Column names of timeline.csv, in order; `at_ms` counts from the `migrate` command. */
export const timelineColumns: readonly string[] = [
  'cell_id',
  'trial_id',
  ...columns.map(([name]) => name),
];

/** The first row. */
export function timelineCsvHeader(): string {
  return csvRows([timelineColumns]);
}

/** The rows of one trial. */
export function timelineCsvRows(record: TrialRecord, samples: readonly TimelineSample[]): string {
  return csvRows(
    samples.map((sample) => [
      record.cellId,
      record.trialId,
      ...columns.map(([, value]) => value(sample)),
    ]),
  );
}
