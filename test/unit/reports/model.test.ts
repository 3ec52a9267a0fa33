/** The verdict and what a reader must know first. */
import { describe, expect, test } from 'vitest';
import type { Run } from '../../../harness/record/reader.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { buildModel } from '../../../reports/model.ts';
import { exampleEnvironment, examplePlan, exampleRecord, measured } from '../record/examples.ts';
import { readEveryOutcome } from './fixture.ts';

function run(records: readonly TrialRecord[], plannedTrials = records.length): Run {
  return {
    directory: 'run',
    environment: exampleEnvironment({ plannedTrials }),
    plan: examplePlan,
    records,
    warnings: [],
  };
}

describe('verdict', () => {
  test.each([
    [run([], 4), 'No trial has been recorded yet (4 planned).', 'warning'],
    [run([measured(1, {}), measured(2, {})]), 'All 2 trials completed.', 'good'],
    [
      run([
        exampleRecord({
          outcome: { kind: 'failed', reason: 'guest-dead', detail: 'gone' },
          expected: false,
        }),
      ]),
      'None of 1 trial completed; 1 failed.',
      'bad',
    ],
  ] as const)('%#', (given, verdict, level) => {
    expect(buildModel(given)).toMatchObject({ verdict, level });
  });

  test('of every outcome', async () => {
    const model = buildModel(await readEveryOutcome());
    expect(model.verdict).toBe(
      '17 of 24 trials completed; 2 did not converge, 2 failed, 1 was invalid, 2 were skipped. The gate is NOT passed: 3 of 15 checks failed.',
    );
    expect(model.level).toBe('bad');
  });
});

describe('notices', () => {
  test('the gravest first, each once, with its remedy', async () => {
    const { notices } = buildModel(await readEveryOutcome());
    expect(notices.map(({ level }) => level)).toEqual([
      ...Array.from({ length: 4 }, () => 'bad'),
      ...Array.from({ length: 8 }, () => 'warning'),
      ...Array.from({ length: 2 }, () => 'note'),
    ]);
    expect(notices[0]?.text).toBe(
      'GUEST DATA DAMAGED in 1 trial of memory-stress · multifd · 1Gbit/s: ' +
        'page 4711 holds <b>generation</b> 12, expected 13',
    );
    const skipped = notices.find(({ text }) => text.includes('skipped'));
    expect(skipped?.text).toContain('2 trials skipped (host-forbids)');
    expect(skipped?.remedy).toContain('sysctl vm.unprivileged_userfaultfd=1');
    expect(notices.some(({ text }) => text.includes('guest speed is not representative'))).toBe(
      true,
    );
    expect(notices.some(({ text }) => text.includes('128 MiB/s, that is 1.07 Gbit/s'))).toBe(true);
  });

  test('each says what to do next, in its remedy or as the end of a warning of the harness', async () => {
    const { notices } = buildModel(await readEveryOutcome());
    const without = notices.filter(({ remedy }) => remedy === undefined).map(({ text }) => text);
    // Warnings of trials and notes of the host bring theirs along.
    expect(without.map((text) => text.slice(0, 24))).toEqual([
      'The STOP and RESUME stam',
      'No heartbeat arrived at ',
      expect.stringContaining('=HYPERLINK'),
      'netem is missing from th',
    ]);
  });

  test('why not KVM: in a few words, or elsewhere', () => {
    const tcg = (reasons: readonly string[]) =>
      buildModel({
        ...run([measured(1, {})]),
        environment: exampleEnvironment({
          plannedTrials: 1,
          accelerators: reasons.map((reason, i) => ({ qemu: `q${i}`, chosen: 'tcg', reason })),
        }),
      }).notices[0]?.text;
    expect(tcg(['no /dev/kvm', 'no /dev/kvm'])).toContain('Why not KVM: no /dev/kvm.');
    const long = `QEMU says: ${'failed to set MSR; '.repeat(20)}`;
    for (const text of [tcg([long]), tcg([`${long}1`, `${long}2`]), tcg(['a', 'b'])]) {
      expect(text?.length).toBeLessThan(160);
      expect(text).toContain('see Provenance');
    }
  });

  test('an outcome that the plan does not allow is bad, even where it is no failure', () => {
    const outcome = { kind: 'not-converged', detail: '' } as const;
    const model = buildModel(run([exampleRecord({ outcome, expected: false })]));
    expect(model.level).toBe('bad');
    expect(model.notices[0]?.text).toContain(
      'ended as not-converged, which the plan does not allow',
    );
  });

  test('a failure that the plan expects is a note', () => {
    const outcome = { kind: 'failed', reason: 'migration-error', detail: 'refused' } as const;
    const model = buildModel(run([measured(1, {}), exampleRecord({ outcome, expected: true })]));
    expect(model.notices).toMatchObject([
      { level: 'note', text: expect.stringContaining('1 trial failed, as the plan expects') },
    ]);
    expect(model.level).not.toBe('bad');
  });

  test('a good run has none', () => {
    expect(buildModel(run([measured(1, { totalTimeMs: 5 })])).notices).toEqual([]);
  });
});

test('labels hold what varies, and are unique', () => {
  const labels = exampleRecord().labels;
  const model = buildModel(
    run([
      exampleRecord({ cellId: 'x~0000000a' }),
      exampleRecord({ cellId: 'x~0000000b' }),
      exampleRecord({ cellId: 'x~0000000c', labels: { ...labels, qemu: 'debian:trixie' } }),
    ]),
  );
  expect(model.dimensions).toEqual(['workload', 'setting', 'qemu']);
  expect(model.cells.map(({ label }) => label)).toEqual([
    'idle · precopy · system ~0000000a',
    'idle · precopy · system ~0000000b',
    'idle · precopy · debian:trixie',
  ]);
});
