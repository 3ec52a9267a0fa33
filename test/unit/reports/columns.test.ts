/** The quickstart, as it was recorded on two builds: every column that means something is filled. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import { trialColumns } from '../../../reports/csv/trials.ts';
import { emptyColumns, rowsOf } from '../../integration/run/columns.ts';

/** As in plans/quickstart.yaml. */
const BASELINE_MS = 2_000;

const recorded = (name: string) =>
  readFileSync(
    join(packageRoot, 'test', 'fixtures', 'runs', 'quickstart', `${name}.trials.csv`),
    'utf8',
  );

describe.each(['7.2', '11.1'])('QEMU %s', (name) => {
  const rows = rowsOf(recorded(name));

  test('three workloads, two links, four settings, all completed', () => {
    expect(rows).toHaveLength(24);
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
    // Columns are only ever added, at the end.
    const columns = Object.keys(rows[0] ?? {});
    expect(columns).toEqual(trialColumns.slice(0, columns.length));
    expect(rows.every((row) => row['source_qemu']?.startsWith(name))).toBe(true);
  });

  test('no column that means something is empty', () => {
    expect(emptyColumns(rows, { baselineMs: BASELINE_MS })).toEqual([]);
  });

  test('one that is empty is found', () => {
    const row = rows.find(({ workload }) => workload === 'database') ?? {};
    expect(emptyColumns([{ ...row, blackout_ms: '' }], { baselineMs: BASELINE_MS }).join()).toMatch(
      /^database\/[\w-]+: blackout_ms$/u,
    );
    // The 99th percentile wants longer windows than these.
    expect(emptyColumns([row], { baselineMs: BASELINE_MS, longWindows: true }).join()).toContain(
      'service_p99_baseline_ms',
    );
  });
});
