/** CSV: the contract of columns, empty fields, and text that a spreadsheet must not run. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { summarizeCells } from '../../../harness/analysis/cells.ts';
import { cellsCsv } from '../../../reports/csv/cells.ts';
import { timelineCsvHeader, timelineCsvRows } from '../../../reports/csv/timeline.ts';
import { trialColumns, trialsCsv } from '../../../reports/csv/trials.ts';
import { csvRows } from '../../../reports/csv/write.ts';
import { exampleRecord, measured, notConverged } from '../record/examples.ts';
import { readEveryOutcome } from './fixture.ts';

const contract =
  'run_id,cell_id,trial_id,block,position,repetition,started_at,workload,workload_params,guest_memory_bytes,' +
  'guest_vcpus,accelerator,machine_type,source_qemu,destination_qemu,setting,capabilities,parameters,transport,' +
  'sandbox_mode,link_bandwidth_bits_per_second,link_delay_us,link_loss_percent,competing_bits_per_second,' +
  'max_bandwidth_bytes_per_second,downtime_limit_ms,outcome,outcome_reason,integrity,total_time_ms,setup_time_ms,' +
  'expected_downtime_ms,downtime_ms,pause_ms,switchover_gap_ms,blackout_ms,blackout_floor_ms,service_outage_ms,' +
  'transferred_bytes,wire_bytes,storage_bytes,passes,normal_pages,zero_pages,dirty_pages_per_second,' +
  'throughput_bits_per_second,throttle_max_percent,postcopy_requests,postcopy_blocktime_ms,heartbeat_period_us,' +
  'heartbeat_jitter_p99_ms,gaps_over_100ms,clock_step_ms,workload_unit,workload_baseline_per_second,' +
  'workload_during_per_second,workload_minimum_per_second,brownout_ms,workload_lost_seconds,' +
  'service_p99_baseline_ms,service_p99_during_ms,service_errors,source_cpu_seconds,destination_cpu_seconds,' +
  'harness_cpu_seconds,host_cpu_busy_percent,warnings,storage_ms';

/** A field by its column; the records of these tests need no quotes. */
function field(csv: string, column: string): string | undefined {
  return csv.split('\r\n')[1]?.split(',')[trialColumns.indexOf(column)];
}

describe('trials.csv', () => {
  test('has exactly the columns of the contract, and one row per trial', async () => {
    const { records } = await readEveryOutcome();
    const lines = trialsCsv(records).split('\r\n');
    expect(lines[0]).toBe(contract);
    expect(lines).toHaveLength(1 + 24 + 1);
    expect(lines.at(-1)).toBe('');
  });

  test('a field that nobody knows is empty; zero is zero', () => {
    const csv = trialsCsv([measured(1, { downtimeMs: 0 })]);
    expect(field(csv, 'downtime_ms')).toBe('0');
    expect(field(csv, 'pause_ms')).toBe('');
    expect(field(csv, 'link_delay_us')).toBe('');
    expect(field(csv, 'outcome_reason')).toBe('');
  });

  test('unlimited is written out; effective values win over requested ones', () => {
    const side = {
      capabilities: { xbzrle: true, events: true, multifd: false },
      parameters: { 'max-bandwidth': 'unlimited', 'downtime-limit': 250 },
    };
    const csv = trialsCsv([
      exampleRecord({
        link: { bandwidthBitsPerSecond: 'unlimited' },
        requested: { capabilities: { xbzrle: true }, parameters: { 'downtime-limit': 300 } },
        effective: { source: side, destination: side },
      }),
    ]);
    expect(field(csv, 'link_bandwidth_bits_per_second')).toBe('unlimited');
    expect(field(csv, 'max_bandwidth_bytes_per_second')).toBe('unlimited');
    expect(field(csv, 'downtime_limit_ms')).toBe('250');
    expect(field(csv, 'capabilities')).toBe('events+xbzrle');
    expect(field(csv, 'parameters')).toBe('"{""downtime-limit"":300}"');
  });

  test('numbers keep their sign and their digits', () => {
    const csv = trialsCsv([
      measured(1, { clockStepMs: -0.4, throughputBitsPerSecond: 123456789012 }),
    ]);
    expect(field(csv, 'clock_step_ms')).toBe('-0.4');
    expect(field(csv, 'throughput_bits_per_second')).toBe('123456789012');
  });
});

describe('text in CSV', () => {
  test.each([
    ['=cmd()', "'=cmd()"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\rx', `"'\rx"`],
    ['a=b', 'a=b'],
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['two\nlines', '"two\nlines"'],
  ])('%j is written %j', (text, expected) => {
    expect(csvRows([[text]])).toBe(`${expected}\r\n`);
  });

  test('no text can be a formula, and none is lost', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const csv = csvRows([[text, 1]]);
        const first = csv.startsWith('"') ? csv.slice(1) : csv;
        expect(first).not.toMatch(/^[=+\-@\t\r]/);
        if (/[\r\n]/.test(text)) expect(csv).toMatch(/^"/);
        expect(csv.replaceAll('""', '"')).toContain(text.replaceAll('""', '"'));
      }),
    );
  });
});

describe('cells.csv', () => {
  const header =
    'cell_id,workload,setting,link,guest,qemu,metric,unit,n,completed,completed_ci_low,completed_ci_high,' +
    'median,ci_low,ci_high,min,max,mad';
  const cell = 'idle/precopy/1Gbit/384MiB/system~00000001,idle,precopy,1Gbit/s,384MiB,system';

  test('one row per cell and metric', () => {
    const records = [100, 104, 96, 500, 98, 102].map((totalTimeMs, i) =>
      measured(i + 1, { totalTimeMs, ...(i === 0 ? { pauseMs: 7.5 } : {}) }),
    );
    expect(cellsCsv(summarizeCells(records)).split('\r\n')).toEqual([
      header,
      `${cell},total_time_ms,ms,6,6,0.609666,1,101,96,500,96,500,3`,
      `${cell},pause_ms,ms,6,6,0.609666,1,7.5,,,7.5,7.5,0`,
      '',
    ]);
  });

  test('a censored figure is no number', () => {
    const records = [measured(1, { totalTimeMs: 900 }), notConverged(2), notConverged(3)];
    expect(cellsCsv(summarizeCells(records)).split('\r\n')[1]).toBe(
      `${cell},total_time_ms,ms,3,1,0.061492,0.79234,>20000,,,900,>20000,`,
    );
  });

  test('a cell without results is there, empty', () => {
    const outcome = { kind: 'skipped', reason: 'host-forbids', detail: '' } as const;
    expect(cellsCsv(summarizeCells([exampleRecord({ outcome })])).split('\r\n')[1]).toBe(
      `${cell},total_time_ms,ms,0,0,,,,,,,,`,
    );
  });
});

test('timeline.csv', () => {
  expect(timelineCsvHeader()).toBe(
    'cell_id,trial_id,at_ms,kind,phase,status,remaining_bytes,transferred_bytes,rate_bits_per_second,' +
      'dirty_pages_per_second,throttle_percent,pass,progress,progress_per_second,bytes_to_destination,' +
      'bytes_to_source,values\r\n',
  );
  const rows = timelineCsvRows(exampleRecord({ cellId: 'c', trialId: 't' }), [
    { atMs: 0.5, kind: 'phase', phase: '=setup' },
    { atMs: 100, kind: 'migration', status: 'active', remainingBytes: 0, pass: 1 },
  ]);
  expect(rows).toBe(
    "c,t,0.5,phase,'=setup,,,,,,,,,,,,\r\nc,t,100,migration,,active,0,,,,,1,,,,,\r\n",
  );
});
