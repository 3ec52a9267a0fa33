/** What a benchmark found: figures of one quantity, and what is claimed of it. Nothing here passes or fails. */
import { tableText } from '../../harness/cli/output.ts';
import { formatDuration, formatPercent } from '../../harness/units.ts';

export type Unit = 'ms' | 'bytes' | 'percent';

/** One row of the result. */
export interface Measurement {
  readonly group: string;
  readonly name: string;
  readonly unit: Unit;
  /** How often it was measured; 0 where it could not be, and `note` says why. */
  readonly n: number;
  /** Absent where n = 0. */
  readonly median?: number;
  readonly min?: number;
  readonly max?: number;
  /** The median is said to be below this. Absent: nothing is claimed. */
  readonly claimedBelow?: number;
  readonly note?: string;
}

type Described = Pick<Measurement, 'group' | 'name' | 'unit' | 'claimedBelow' | 'note'>;

/** A row from raw figures. */
export function measurementOf(described: Described, figures: readonly number[]): Measurement {
  const sorted = figures.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const min = sorted[0];
  const max = sorted.at(-1);
  if (upper === undefined || lower === undefined || min === undefined || max === undefined) {
    return { ...described, n: 0 };
  }
  return { ...described, n: sorted.length, median: (lower + upper) / 2, min, max };
}

const formats: Readonly<Record<Unit, (value: number) => string>> = {
  ms: formatDuration,
  // The claims are in MB.
  bytes: (bytes) => `${(bytes / 1e6).toFixed(1)} MB`,
  percent: formatPercent,
};

function verdict({ median, claimedBelow }: Measurement): string {
  if (claimedBelow === undefined || median === undefined) return '';
  return median < claimedBelow ? 'holds' : 'does not hold';
}

/** All rows as one table; notes follow below it. */
export async function measurementTable(measurements: readonly Measurement[]): Promise<string> {
  const rows = measurements.map((measurement) => {
    const { group, name, unit, n, claimedBelow } = measurement;
    const format = (value: number | undefined) => (value === undefined ? '' : formats[unit](value));
    const { median, min, max } = measurement;
    return [
      ...[group, name, format(median), format(min), format(max), String(n)],
      claimedBelow === undefined ? '' : `< ${format(claimedBelow)}`,
      verdict(measurement),
    ];
  });
  const table = await tableText(
    [
      ...[{ title: '' }, { title: 'what' }],
      ...['median', 'min', 'max', 'n', 'claim'].map((title) => ({
        title,
        align: 'right' as const,
      })),
      { title: '' },
    ],
    rows,
  );
  const notes = measurements.flatMap(({ name, note }) =>
    note === undefined ? [] : [`${name}: ${note}\n`],
  );
  return [table, ...(notes.length === 0 ? [] : ['\n', ...notes])].join('');
}
