/**
 * Real KVM, exercised: pre-copy and post-copy, a dirty ring, dirty-limit, and a link with delay and loss, in a machine
 * with KVM and netem inside one without. All cells of kvm.yaml are among the long tests: each takes a quarter of a
 * minute here, and each guest that is booted another.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRun } from '../../../harness/record/reader.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { skipBecause, temporaryFolder, whyNoGuests } from '../run/cli.ts';
import { expectGoodEnd } from '../run/good-end.ts';
import { nestedRun, runNested } from './nested-machine.ts';

/** Longest the machine may take, ms: it is emulated, and what runs in it is not small. */
const LIMIT_MS = 5 * 60_000;
const GUEST = '224MiB-1cpu-host,svm=off';
const RING = `${GUEST}-ring4096`;
const LINK = '200Mbit';
const DELAY_MS = 20;
const DELAYED = `${LINK}+${DELAY_MS}ms+loss0.1%`;

test('pre-copy, post-copy and what only KVM has, under real KVM', async (context) => {
  const unfit = await whyNoGuests();
  if (unfit !== undefined) skipBecause(context, unfit);
  const folder = await temporaryFolder();
  const {
    unfit: why,
    exitCode,
    console: words,
  } = await runNested(nestedRun('{idle/*20ms*,memory-stress/*ring*}'), folder, LIMIT_MS);
  if (why !== undefined) skipBecause(context, `KVM in an emulated machine: ${why}`);
  if (words.includes('nested: once more')) {
    const reasons = words
      .split('\n')
      .filter((line) => /^\[\d+\/\d+\] .*: (?!completed)/u.test(line));
    process.stderr.write(`Tried once more under emulated KVM:\n${reasons.join('\n')}\n`);
  }
  const out = join(folder, 'run');
  await expectGoodEnd(exitCode === undefined ? {} : { exitCode }, out, words);
  const { records } = await readRun(out);
  const nameOf = ({ labels: { workload, setting, link, guest } }: TrialRecord) =>
    `${workload}/${setting}/${link}/${guest}`;
  const expected = [
    `idle/precopy/${DELAYED}/${GUEST}`,
    ...['dirty-limit', 'postcopy', 'precopy'].map(
      (setting) => `memory-stress/${setting}/${LINK}/${RING}`,
    ),
  ];
  expect(records.map(nameOf).sort()).toEqual(expected.sort());
  for (const record of records) {
    const { accelerator, outcome, integrity, measurements, labels, effective } = record;
    const name = nameOf(record);
    expect(accelerator, name).toBe('kvm');
    expect(outcome, name).toMatchObject({ kind: 'completed' });
    expect(integrity, name).toBe(labels.workload === 'idle' ? 'unchecked' : 'intact');
    // What the guest was stopped for still had to come over the link.
    expect(measurements.pauseMs, name).toBeGreaterThan(labels.link === DELAYED ? DELAY_MS : 0);
    const limited = labels.setting === 'dirty-limit';
    expect(effective?.source.capabilities['dirty-limit'], name).toBe(limited);
    if (limited) expect(effective?.source.parameters['vcpu-dirty-limit']).toBe(10);
  }
  const report = await readFile(join(out, 'report', 'report.md'), 'utf8');
  expect(report).not.toContain('ran under TCG');
});
