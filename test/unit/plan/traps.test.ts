/**
 * Every known trap of live migration with QEMU, and what keeps it from biting: one test each, with the trap as its name.
 * Where only a real QEMU can show it, the test here is of the part that can be seen without one, and says where the rest is.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { medianInterval } from '../../../harness/analysis/median-interval.ts';
import { MigbenchError } from '../../../harness/errors.ts';
import { judgeGate } from '../../../harness/guest/telemetry-gate.ts';
import { judge } from '../../../harness/migration/judge.ts';
import { rateWarnings, zeroCopyWarnings } from '../../../harness/migration/rate-warnings.ts';
import { settingsFor } from '../../../harness/migration/settings.ts';
import { heartbeatReport } from '../../../harness/observe/heartbeat-gaps.ts';
import { packageRoot } from '../../../harness/paths.ts';
import type { RuleSubject } from '../../../harness/plan/rule.ts';
import { checkRules, rulesForBuild } from '../../../harness/plan/rules.ts';
import { planSchema } from '../../../harness/plan/schema.ts';
import { migrationSample } from '../../../harness/qmp/index.ts';
import { totalsOf } from '../../../harness/migration/totals.ts';
import { trialsCsv } from '../../../reports/csv/trials.ts';
import { builtInWorkloads } from '../../../workloads/registry.ts';
import { cellSpec, observation } from '../migration/fixtures.ts';
import { exampleRecord } from '../record/examples.ts';
import { load, problems, SMALL } from './fixtures.ts';

const known = {
  capabilities: ['multifd', 'xbzrle', 'postcopy-ram', 'events'],
  parameters: ['tls-creds', 'tls-hostname', 'multifd-channels'],
};

/** The ids of the rules that a setting breaks on a build. */
function broken(version: string, subject: Partial<RuleSubject>): string[] {
  const whole = {
    accelerator: 'auto',
    transport: 'tcp',
    capabilities: {},
    parameters: {},
    ...subject,
  } as const;
  return checkRules(whole, rulesForBuild(version)).map(({ id }) => id);
}
const caps = (...names: string[]) => ({
  capabilities: Object.fromEntries(names.map((name) => [name, true])),
});

/** The sources of a part of the program. */
function sourcesOf(folder: string): string {
  const root = join(packageRoot, folder);
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, name), 'utf8'))
    .join('\n');
}

test('1: the cap of 128 MiB/s that nobody has set is in every row', () => {
  const settings = { capabilities: {}, parameters: { 'max-bandwidth': 134_217_728 } };
  const record = exampleRecord({ effective: { source: settings, destination: settings } });
  expect(record.requested.parameters).toEqual({});
  const [header = '', row = ''] = trialsCsv([record]).split('\r\n');
  const at = header.split(',').indexOf('max_bandwidth_bytes_per_second');
  expect(row.replaceAll(/"[^"]*"/gu, '').split(',')[at]).toBe('134217728');
});

test('2: capabilities and credentials stay set: each trial sets all, both ways', () => {
  const { capabilities, parameters } = settingsFor(cellSpec(), known, 'namespaces');
  expect(capabilities).toEqual({
    multifd: false,
    xbzrle: false,
    'postcopy-ram': false,
    events: true,
  });
  expect(parameters).toEqual({ 'tls-creds': '', 'tls-hostname': '' });
});

// That they are set before migrate-incoming is in test/integration/run/tls.test.ts.
test('3: multifd: both sides are told the same number of channels', () => {
  const spec = cellSpec({ ...caps('multifd'), parameters: { 'multifd-channels': 4 } });
  const [source, destination] = [known, { ...known, capabilities: ['multifd'] }].map((build) =>
    settingsFor(spec, build, 'namespaces'),
  );
  for (const side of [source, destination]) {
    expect(side?.parameters['multifd-channels']).toBe(4);
    expect(side?.capabilities['multifd']).toBe(true);
  }
});

test('4: an unloaded guest does not pass the load gate', () => {
  const idling = Array.from({ length: 41 }, (_, index) => ({
    ...{ arrivedMs: index * 50, guestMonotonicMs: index * 50, guestRealtimeMs: index * 50 },
    ...{ sequence: index, state: 'running' as const, progress: 7, text: '' },
  }));
  const gate = { windowMs: 500, tolerance: 0.3, timeoutMs: 1000 };
  expect(judgeGate(idling, gate, 2000, 0)).toMatchObject({
    kind: 'waiting',
    reason: 'no progress (0.0 and 0.0 per second)',
  });
});

// That every destination was told migrate-incoming once is in test/integration/run/tls.test.ts.
test('5: a destination is used once: it is told where to listen once per migration, over a link or from a file', () => {
  expect(sourcesOf('harness/migration').split("execute('migrate-incoming'").length - 1).toBe(2);
});

test('6: calc-dirty-rate samples every page that it can, and no figure of ours comes from it', () => {
  const measure = readFileSync(
    join(packageRoot, 'harness/characterize/measure/dirty-rate.ts'),
    'utf8',
  );
  expect(measure).toContain('const SAMPLE_PAGES = 16_384;');
  const users = ['harness/characterize/predict.ts', 'harness/characterize/curve.ts'];
  for (const user of users) {
    expect(readFileSync(join(packageRoot, user), 'utf8'), user).not.toContain('crossChecks');
  }
});

// A deadline that passes in post-copy is in test/replay/migration/driver.test.ts, a cut link in
// test/unit/migration/outage.test.ts: an unexpected command fails both.
test('7: migrate_cancel is sent in one place, for a pre-copy', () => {
  expect(sourcesOf('harness').split("execute('migrate_cancel'").length - 1).toBe(1);
  const driver = readFileSync(join(packageRoot, 'harness/migration/driver.ts'), 'utf8');
  expect(driver).toContain("inPostcopy ? 'postcopy-deadline' : this.#cancel()");
});

test('8: a cap that multifd does not keep is said', () => {
  const effective = { capabilities: {}, parameters: { 'max-bandwidth': 10_000_000 } };
  const warnings = (throughputBitsPerSecond: number) =>
    rateWarnings(
      cellSpec(caps('multifd')),
      { source: effective, destination: effective },
      { throughputBitsPerSecond },
    ).map(({ code }) => code);
  expect(warnings(90e6)).toContain('cap-not-honoured');
  expect(warnings(80e6)).not.toContain('cap-not-honoured');
});

test('9: TLS and multifd with post-copy before 10.1, multifd with xbzrle, zero-copy-send without its needs', () => {
  const tls = { ...caps('postcopy-ram'), transport: 'tls' } as const;
  expect(broken('10.0.13', tls)).toEqual(['postcopy-tls-unsafe']);
  expect(broken('10.1.0', tls)).toEqual([]);
  const both = caps('multifd', 'postcopy-ram');
  expect(broken('10.0.13', both)).toEqual(['multifd-excludes-postcopy-ram']);
  expect(broken('10.1.0', both)).toEqual([]);
  expect(broken('11.1.3', caps('multifd', 'xbzrle'))).toEqual(['multifd-excludes-xbzrle']);
  const zeroCopy = caps('multifd', 'zero-copy-send');
  expect(broken('11.1.3', caps('zero-copy-send'))).toEqual(['zero-copy-send-needs-multifd']);
  expect(broken('11.1.3', { ...zeroCopy, transport: 'tls' })).toEqual(['zero-copy-send-needs-tcp']);
  expect(broken('11.1.3', { ...zeroCopy, parameters: { 'multifd-compression': 'zstd' } })).toEqual([
    'zero-copy-send-uncompressed',
  ]);
  expect(broken('11.1.3', zeroCopy)).toEqual([]);
  // It falls back silently; we do not.
  const fell = migrationSample({
    ram: { 'dirty-sync-missed-zero-copy': 2, 'dirty-sync-count': 3 },
  });
  expect(zeroCopyWarnings(zeroCopy, fell)[0]).toMatchObject({
    code: 'zero-copy-fell-back',
    message: expect.stringContaining('in 2 of 3 passes') as unknown,
  });
  expect(zeroCopyWarnings(caps('multifd'), fell)).toEqual([]);
});

test('10: dirty-limit needs KVM, and excludes auto-converge', () => {
  expect(broken('11.1.3', { ...caps('dirty-limit'), accelerator: 'tcg' })).toEqual([
    'dirty-limit-needs-kvm',
  ]);
  expect(broken('11.1.3', caps('dirty-limit', 'auto-converge'))).toEqual([
    'auto-converge-excludes-dirty-limit',
  ]);
});

// The build is asked in the sandbox, as the user who runs it: test/integration/run/outcomes.test.ts.
test('11: post-copy that the host forbids is skipped with a remedy for both kinds of userfaultfd', () => {
  const abilities = readFileSync(join(packageRoot, 'harness/qemu/abilities.ts'), 'utf8');
  expect(abilities).toMatch(/reason: 'host-forbids', detail: .*remedy: POSTCOPY_REMEDY/u);
  expect(abilities).toContain('vm.unprivileged_userfaultfd=1');
  expect(abilities).toContain('/dev/userfaultfd');
});

test('12: every workload says whether its loop is open or closed, and every row repeats it', () => {
  for (const { definition } of builtInWorkloads) {
    const defaults = Object.fromEntries(
      Object.entries(definition.parameters).map(([name, one]) => [name, one.default]),
    );
    expect(['open', 'closed', 'none']).toContain(definition.loop(defaults));
  }
  const { workload } = exampleRecord();
  expect(workload).toHaveProperty('loop');
});

test('13: the guest’s clock stands still while it is paused: its silence is measured outside of it', () => {
  const moments = {
    ...{ baselineFromMs: 0, baselineToMs: 1000, startedAtMs: 1000, stopAtMs: 1500 },
    ...{ resumeAtMs: 1700, migratedAtMs: 1700, endedAtMs: 3000, completed: true },
  };
  // 100 beats a second as they arrive, none for 200 ms; the guest itself numbers them without a gap.
  const arrivals = Array.from({ length: 300 }, (_, index) => index * 10).filter(
    (atMs) => atMs <= 1500 || atMs >= 1700,
  );
  const beats = arrivals.map((atMs, sequence) => ({ atMs, sequence, skipped: 0 }));
  expect(heartbeatReport(beats, 10, moments).measurements?.switchoverGapMs).toBe(190);
});

test('14: the dirty rate of a migration is the one that QEMU saw in it', () => {
  const samples = [
    { atMs: 0, dirtyPagesPerSecond: 0 },
    { atMs: 50, dirtyPagesPerSecond: 900 },
    { atMs: 100, dirtyPagesPerSecond: 1200 },
    { atMs: 150, status: 'completed', dirtyPagesPerSecond: 0 },
  ];
  expect(totalsOf(observation({ samples })).dirtyPagesPerSecond).toBe(1200);
});

test('15: five repetitions unless the plan says otherwise, and no interval from too few', async () => {
  const { plan } = await load(SMALL.replace(/^repetitions: .*\n/mu, ''));
  expect(plan.repetitions).toBe(5);
  expect(planSchema.shape.repetitions.parse(undefined)).toBe(5);
  const figures = [1, 2, 3, 4, 5, 6].map((value) => ({ value, censored: false }));
  expect(medianInterval(figures.slice(0, 5))).toBeUndefined();
  expect(medianInterval(figures)).toBeDefined();
});

// Asked again until they are there, on recordings of all builds: test/replay/migration/driver.test.ts.
test('16: a total time of 0 is no total', () => {
  const final = { status: 'completed', totalTimeMs: 0, downtimeMs: 0 };
  const totals = totalsOf(observation({ samples: [{ ...final, atMs: 10 }], final }));
  expect(totals).not.toHaveProperty('totalTimeMs');
  expect(totals).not.toHaveProperty('downtimeMs');
});

// What it means on each build is in test/integration/run: every trial restores its source.
test('17: a saved guest is sent to a listener of ours, and read by the QEMU that waits for it', () => {
  const state = readFileSync(join(packageRoot, 'harness/guest/saved-state.ts'), 'utf8');
  expect(state).toMatch(/server\.listen\(socketPath[\s\S]*execute\('migrate', \{ uri: `unix:/u);
  expect(state).toContain("execute('migrate-incoming', { uri: `exec:cat ");
});

test('18: ip is never left to guess what a name is', () => {
  for (const text of [sourcesOf('harness/sandbox'), sourcesOf('harness/doctor')]) {
    expect(text).not.toMatch(/link add (?!name )/u);
    expect(text).not.toMatch(/link set (?!dev )/u);
  }
});

test('19: a guest that does not answer after its migration is a failure, whatever QEMU said', async () => {
  const silent = { command: () => Promise.reject(new MigbenchError('guest', 'no answer to ping')) };
  const judged = await judge(
    {
      stage: {
        telemetry: { ...silent, samples: [] },
        signal: new AbortController().signal,
      } as never,
      recipe: { workload: builtInWorkloads[0]?.definition, shape: cellSpec().guest } as never,
      place: { machine: { label: 'destination', process: {}, ownWords: '' } } as never,
      measurements: { totalTimeMs: 1000, pauseMs: 5 },
    },
    { kind: 'completed' },
    () => undefined,
  );
  expect(judged.outcome).toEqual({
    kind: 'failed',
    reason: 'guest-dead',
    detail: 'no answer to ping',
  });
});

test('bounds: no channels, 300 channels, and a bandwidth below 1 Mbit/s are refused in the plan', async () => {
  const refused = async (from: string, to: string) => {
    const text = SMALL.replace(from, to);
    expect(text).not.toBe(SMALL);
    return (await problems(text)).join('\n');
  };
  const channels = (count: number) =>
    refused(
      '{ precopy: {} }',
      `{ a: { capabilities: { multifd: true }, parameters: { multifd-channels: ${count} } } }`,
    );
  expect(await channels(0)).toContain('"0": must be at least 1');
  expect(await channels(300)).toContain('"300": must be at most 255');
  expect(await refused('bandwidth: 1Gbit/s', 'bandwidth: 999kbit/s')).toContain(
    'must be at least 1Mbit/s',
  );
  expect(
    await refused('{ precopy: {} }', '{ a: { parameters: { max-bandwidth: 1kB/s } } }'),
  ).toContain('must be at least 125kB/s');
});
