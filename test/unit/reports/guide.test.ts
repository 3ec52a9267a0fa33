/** The capacity guide: measured and predicted told apart, every row with where it comes from. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Card } from '../../../harness/characterize/card.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { readRun, type Run } from '../../../harness/record/reader.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { documentMarkdown, documentPage } from '../../../reports/card/pages.ts';
import { guideContent } from '../../../reports/guide/content.ts';
import { rowsOf } from '../../../reports/guide/rows.ts';
import { card } from '../characterize/measurement.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from '../record/examples.ts';

const ofRecords = (records: readonly TrialRecord[]): Run => ({
  ...{ directory: 'run', environment: exampleEnvironment(), plan: examplePlan, warnings: [] },
  records,
});

const run = await readRun(join(packageRoot, 'test', 'fixtures', 'runs', 'every-outcome'));
const inputs = {
  runs: [run],
  cards: [{ path: 'cards/one', card: card() }],
  windowMs: 3_600_000,
  downtimeLimitMs: 300,
};

describe('guideContent', () => {
  const content = guideContent(inputs);
  const [classes, windows] = content.tables;

  test('has a row for each cell with a result and for each card and link', () => {
    const kinds = classes!.rows.map((row) => row[5]);
    expect(kinds.filter((kind) => kind === 'predicted').length).toBeGreaterThanOrEqual(3);
    expect(kinds.filter((kind) => kind === 'measured').length).toBeGreaterThan(3);
    for (const row of classes!.rows) {
      expect(row.at(-1)).toMatch(row[5] === 'predicted' ? /^C1$/u : /^R1 [0-9a-f]{8}$/u);
    }
    expect(windows!.rows).toHaveLength(classes!.rows.length);
  });

  test('reckons a window with headroom and with the longest time', () => {
    const at = windows!.rows.findIndex((row) => row[5] === 'predicted' && row[3] === '1 Gbit/s');
    const row = windows!.rows[at]!;
    // 80 % of an hour, some seconds for each and 5 s between two.
    expect(Number(row[7])).toBeLessThan(2880 / 5);
    expect(Number(row[7])).toBeGreaterThan(2880 / 8);
    const unbounded = windows!.rows.find((one) => one[6] === 'no bound')!;
    expect(unbounded[7]).toBe('0');
  });

  test('says what it rests on, and how to do it again', () => {
    const notes = content.notes.join('\n');
    expect(notes).toContain(`R1: run ${run.environment.runId}`);
    expect(notes).toContain('C1: card cards/one');
    // The shell would give cards/* a log beside the folders with a card each.
    expect(notes).toMatch(/migbench guide runs\/own cards\.$/mu);
  });

  test('marks what is predicted beyond what a card measured', () => {
    const short = { ...card(), dirtyCurve: card().dirtyCurve.slice(0, 2) };
    const of = (one: typeof short) =>
      guideContent({
        ...inputs,
        runs: [],
        cards: [{ path: 'c', card: one }],
        downtimeLimitMs: 300,
      });
    const marked = of(short);
    // 128 MiB take a second over 1 Gbit/s; the longest window is 300 ms.
    expect(marked.tables[0]!.rows[0]![7]).toMatch(/^[\d.]+ m?s † \(/u);
    expect(marked.tables[1]!.rows[0]![6]).toMatch(/ †$/u);
    // The column of the required bandwidth for 30 ms.
    expect(marked.tables[2]!.rows[0]![3]).toMatch(/ †$/u);
    expect(marked.tables[2]!.rows[0]![4]).not.toMatch(/†/u);
    expect(marked.notes[0]).toMatch(/^† Extrapolated/u);
    const whole = of(card());
    expect(whole.tables[0]!.rows.flat().join(' ')).not.toContain('†');
  });

  test('says with how many channels multifd is recommended', () => {
    const bytes = 64 * 2 ** 30;
    const busy = {
      ...card(),
      guest: { ...card().guest, memoryBytes: bytes },
      nonZeroBytes: bytes,
      // 1.1 GiB/s: all that one stream carries.
      dirtyCurve: [50, 100, 300, 1000].map((windowMs) => {
        const median = (1.1 * windowMs * 2 ** 30) / 1000;
        return { windowMs, uniqueDirtyBytes: { n: 9, median, low: median, high: median } };
      }),
    };
    const { tables } = guideContent({ ...inputs, runs: [], cards: [{ path: 'c', card: busy }] });
    const fast = tables[0]!.rows.find((row) => row[3] === '25 Gbit/s')!;
    expect(fast[4]).toBe('multifd, 2 channels');
  });

  test('tells links with delay and loss, and guests of one size, apart', () => {
    const far = {
      ...run,
      records: run.records.map((record) => ({
        ...record,
        link: { ...record.link, delayUs: 20_000, lossPercent: 0.1 },
        guest: { ...record.guest, vcpus: 2 },
      })),
    };
    const rows = guideContent({ ...inputs, runs: [far] })
      .tables.slice(0, 2)
      .flatMap((one) => one.rows);
    for (const row of rows) {
      if (row[5] === 'measured') {
        expect(row[3]).toMatch(/, 20 ms delay, 0\.1% loss$/u);
        expect(row[1]).toMatch(/, 2 vCPU$/u);
      } else expect(row[3]).toMatch(/bit\/s$/u);
    }
  });

  test('shows what cards say against themselves, by the card', () => {
    const one = { ...card(), warnings: ['It drifts.', 'The guest ran under TCG.'] };
    const other = { ...card(), warnings: ['The guest ran under TCG.'] };
    const cards = [one, other].map((each, index) => ({ path: `cards/${index}`, card: each }));
    expect(guideContent({ ...inputs, cards }).warnings).toEqual(
      expect.arrayContaining(['C1: It drifts.', 'C1, C2: The guest ran under TCG.']),
    );
  });

  test('says how good predictions were found to be: of pre-copy, and of what it recommends', () => {
    const error = (source: string) => ({
      ...{ source, trials: 6, wrongCalls: 0, calls: 6, coinFlips: 0 },
      totalTimePercent: { median: 4, p90: 9 },
    });
    // 300 MiB/s within 256 MiB, which shrink to a sixth.
    const zip: Card = {
      ...card(),
      ...{ compressionRatio: 6, dirtyCompressionRatio: 6, zlibBytesPerSecond: 5e8 },
      guest: { ...card().guest, memoryBytes: 2 ** 30 },
      nonZeroBytes: 2 ** 29,
      dirtyCurve: [50, 100, 300, 1000, 4000, 60_000].map((windowMs) => {
        const median = Math.min(256, (300 * windowMs) / 1000) * 2 ** 20;
        return { windowMs, uniqueDirtyBytes: { n: 9, median, low: median, high: median } };
      }),
    };
    const of = (more: Partial<Card>) => {
      const cards = [{ path: 'c', card: { ...zip, ...more } }];
      const { notes, tables } = guideContent({ ...inputs, runs: [], cards });
      expect(tables[0]!.rows.map((row) => row[4])).toContain('multifd-zlib, 4 channels');
      return notes.filter((note) => /predictor's own error|has not been measured/u.test(note));
    };
    const settings = { ownErrorBySetting: { 'multifd-zlib': error('validated Z') } };
    expect(of({ ownError: error('validated P'), ...settings })).toEqual([
      expect.stringMatching(/^C1: The predictor's own error of plain pre-copy, validated P, /u),
      expect.stringMatching(
        /^C1: multifd-zlib: A weak predictor: .* The predictor's own error of multifd-zlib, validated Z, /u,
      ),
    ]);
    expect(of(settings)).toEqual([
      expect.stringContaining('How far off predictions of plain pre-copy from this card are'),
      expect.stringContaining('validated Z'),
    ]);
    expect(of({})).toEqual([expect.stringContaining('How far off predictions from this card are')]);
  });

  test('says what a run ran under, and between which QEMUs', () => {
    const newer = { reference: 'debian:sid', version: '11.1.0', package: '' };
    const records = run.records.map((record) => ({
      ...record,
      accelerator: 'kvm' as const,
      qemu: { ...record.qemu, destination: newer },
    }));
    const { tables, notes, warnings } = guideContent({
      ...{ ...inputs, cards: [] },
      runs: [run, { ...run, records }],
    });
    expect(notes.find((note) => note.startsWith('R1: '))).toContain(', under TCG, on ');
    expect(notes.find((note) => note.startsWith('R2: '))).toContain(', under KVM, on ');
    const versions = (mark: string) =>
      new Set(tables[0]!.rows.flatMap((row) => (row.at(-1)!.startsWith(mark) ? [row[2]] : [])));
    const source = run.records[0]!.qemu.source.version;
    expect(versions('R1')).toEqual(new Set([source]));
    expect(versions('R2')).toEqual(new Set([`${source} → 11.1.0`]));
    expect(warnings.join(' ')).toContain(`Several QEMUs: ${source}, 11.1.0.`);
  });

  test('counts the repetitions that were measured, not those of the plan', () => {
    const of = (counts: readonly number[], repetitions: number, failing = false) => {
      const records = counts.flatMap((count, cell) =>
        Array.from({ length: count }, (_, i) =>
          exampleRecord({
            ...{ cellId: `cell~${cell}`, trialId: `${cell}-${i}` },
            measurements: { totalTimeMs: 1000 },
            ...(failing ? { outcome: { kind: 'not-converged', detail: '' } as const } : {}),
          }),
        ),
      );
      const plain = ofRecords(records);
      const one = { ...plain, environment: { ...plain.environment, repetitions } };
      const { notes, warnings } = guideContent({ ...inputs, cards: [], runs: [one] });
      return {
        text: notes.find((note) => note.startsWith('R1: '))!,
        isWarned: warnings.some((warning) => warning.includes('fewer than three times')),
      };
    };
    // Five were planned, the run was stopped in the second block.
    expect(of([2, 1], 5)).toMatchObject({
      text: expect.stringContaining(', 1 to 2 repetitions,'),
      isWarned: true,
    });
    // One was planned, --until-precision added four.
    expect(of([5], 1)).toMatchObject({
      text: expect.stringContaining(', 5 repetitions,'),
      isWarned: false,
    });
    // Without a bound there is no worst case.
    expect(of([2], 5, true).isWarned).toBe(false);
  });

  test('is the same every time, in both forms', () => {
    expect(documentMarkdown(guideContent(inputs))).toBe(documentMarkdown(content));
    const page = documentPage(content);
    expect(page).toContain('<h1>Capacity guide for live migration</h1>');
    expect(page).not.toMatch(/<script|<img/u);
    expect(page).not.toMatch(/undefined|NaN/u);
  });

  test('of a card alone, or of a run alone, is a guide too', () => {
    expect(guideContent({ ...inputs, runs: [] }).under).toBe(
      '0 measured and 3 predicted classes, from 0 runs and 1 workload card',
    );
    expect(guideContent({ ...inputs, cards: [] }).tables).toHaveLength(2);
  });
});

describe('rowsOf', () => {
  const alone = { ...inputs, cards: [] };

  test('a class of which a trial failed has no bound: five of six may not be planned with', () => {
    const failed = { kind: 'failed', reason: 'migration-error', detail: '' } as const;
    const trials = (others: number) =>
      Array.from({ length: 6 }, (_, i) =>
        exampleRecord({
          trialId: String(i),
          ...(i < others ? { outcome: failed } : { measurements: { totalTimeMs: 1000 + i } }),
        }),
      );
    const [none, some] = [0, 5].map((n) => rowsOf({ ...alone, runs: [ofRecords(trials(n))] })[0]);
    expect(none).toMatchObject({ outcome: '6/6 completed', longestMs: 1005 });
    expect(some).toMatchObject({ outcome: '1/6 completed', time: '1.00 s' });
    expect(some).not.toHaveProperty('longestMs');
  });

  test('reckons with the copy of a disk before a migration, and the reading of a file after it', () => {
    const longest = (records: readonly TrialRecord[]) =>
      rowsOf({ ...alone, runs: [ofRecords(records)] })[0]!.longestMs;
    const copied = (storageMs: number, totalTimeMs: number) =>
      exampleRecord({ trialId: String(storageMs), measurements: { storageMs, totalTimeMs } });
    // The longest of the sums, not the sum of the longest.
    expect(longest([copied(180_000, 1_900), copied(150_000, 9_000)])).toBe(181_900);
    const file = { bytes: 1, allocatedBytes: 1, restoreMs: 60_000 };
    const saved = exampleRecord({ measurements: { totalTimeMs: 1_500 }, details: { file } });
    expect(longest([saved])).toBe(61_500);
    const mirrored = run.records
      .filter(({ cellId }) => cellId.endsWith('2b3c4d5e'))
      .map((record) => ({
        ...record,
        measurements: { ...record.measurements, storageMs: 180_000 },
      }));
    const runs = [{ ...run, records: mirrored }];
    expect(guideContent({ ...inputs, cards: [], runs }).tables[1]!.rows[0]![7]).toBe('15');
  });

  test('is ordered by code units: no locale moves an upper-case name', () => {
    const records = ['idle', 'Zip', 'database'].map((workload) =>
      exampleRecord({ cellId: workload, labels: { ...exampleRecord().labels, workload } }),
    );
    expect(
      rowsOf({ ...alone, runs: [ofRecords(records)] }).map(({ workload }) => workload),
    ).toEqual(['Zip', 'database', 'idle']);
  });
});
