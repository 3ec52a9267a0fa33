/** Which columns of trials.csv must not be empty in the record of a completed trial. */
import { trialColumns } from '../../../reports/csv/trials.ts';

/** One row of trials.csv: column → text. */
export type Row = Readonly<Record<string, string>>;

/** A cell without a load has no rates. */
const OF_A_LOAD = [
  'workload_baseline_per_second',
  'workload_during_per_second',
  'workload_minimum_per_second',
  'brownout_ms',
  'workload_lost_seconds',
];
const OF_A_SERVICE = ['service_outage_ms', 'service_errors'];
/** Of 300 requests at least: in long windows only (plans/service-latency.yaml). */
const OF_LONG_WINDOWS = ['service_p99_baseline_ms', 'service_p99_during_ms'];
const OF_POSTCOPY = ['postcopy_requests', 'postcopy_blocktime_ms'];
/** QEMU works this out once a second of a pass is over, and not on the last one. */
const OF_LONG_PASSES = ['dirty_pages_per_second'];
/** What the jitter's p99 needs. */
const JITTER_GAPS = 200;
/** Empty unless the plan asks for them. */
const OF_SOME_LINKS = ['link_delay_us', 'link_loss_percent', 'competing_bits_per_second'];
/** Empty where all is well. */
const OF_TROUBLE = ['outcome_reason', 'warnings'];

/** What of a plan decides which columns mean something. */
export interface Expectations {
  /** Length of the baseline window, ms. */
  readonly baselineMs: number;
  /** Its windows hold 300 requests. */
  readonly longWindows?: boolean;
}

/** Whether a column means something in this row; the plan has a heartbeat, a service probe and a shaped link. */
export function applies(
  column: string,
  row: Row,
  { baselineMs, longWindows }: Expectations,
): boolean {
  const isPostcopy = (row['capabilities'] ?? '').split('+').includes('postcopy-ram');
  const happened = isPostcopy && !(row['warnings'] ?? '').includes('postcopy-not-needed');
  if ([...OF_SOME_LINKS, ...OF_TROUBLE, ...OF_LONG_PASSES].includes(column)) return false;
  if (column === 'capabilities') return row['setting'] !== 'precopy';
  if (column === 'heartbeat_jitter_p99_ms')
    return (Number(row['heartbeat_period_us']) / 1000) * JITTER_GAPS <= baselineMs;
  if (column === 'storage_bytes') return row['transport'] === 'file';
  // Of a disk that is copied: no plan that is checked has one.
  if (column === 'storage_ms') return false;
  if (column === 'throttle_max_percent')
    return (row['capabilities'] ?? '').includes('auto-converge');
  if (OF_POSTCOPY.includes(column)) return happened;
  if (OF_A_LOAD.includes(column)) return row['workload'] !== 'idle';
  if (OF_A_SERVICE.includes(column)) return row['workload'] === 'database';
  if (OF_LONG_WINDOWS.includes(column))
    return longWindows === true && row['workload'] === 'database';
  return true;
}

/** What is empty and should not be, as `workload/setting: column`. */
export function emptyColumns(rows: readonly Row[], expectations: Expectations): string[] {
  return rows
    .filter(({ outcome }) => outcome === 'completed')
    .flatMap((row) =>
      trialColumns.flatMap((column) =>
        applies(column, row, expectations) && (row[column] ?? '') === ''
          ? [`${row['workload']}/${row['setting']}: ${column}`]
          : [],
      ),
    );
}

/** The rows of a trials.csv (RFC 4180). */
export function rowsOf(csv: string): Row[] {
  const records: string[][] = [[]];
  for (const [, quoted, plain = '', separator] of csv.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gu,
  )) {
    records.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (separator === '') break;
    if (separator !== ',') records.push([]);
  }
  const [header = [], ...rows] = records.filter((fields) => fields.length > 1);
  return rows.map((fields) =>
    Object.fromEntries(header.map((name, index) => [name, fields[index] ?? ''])),
  );
}
