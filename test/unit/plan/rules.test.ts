/** Rules between settings: refused in a plan where they hold for every build, told to the runner where not. */
import { describe, expect, test } from 'vitest';
import type { RuleSubject } from '../../../harness/plan/rule.ts';
import { checkRules, rulesForBuild } from '../../../harness/plan/rules.ts';
import { load, problems, SMALL } from './fixtures.ts';

const withSetting = (setting: string, rest = '') =>
  `${SMALL.replace('{ precopy: {} }', `{ a: ${setting} }`)}${rest}`;
const caps = (...names: string[]) =>
  `{ capabilities: { ${names.map((name) => `${name}: true`).join(', ')} } }`;

test.each([
  [
    caps('multifd', 'xbzrle'),
    '',
    'xbzrle cannot be combined with multifd; make two settings of them',
  ],
  [
    caps('auto-converge', 'dirty-limit'),
    '',
    'dirty-limit cannot be combined with auto-converge; make two settings of them',
  ],
  [
    caps('multifd', 'compress'),
    '',
    'compress cannot be combined with multifd; make two settings of them',
  ],
  [
    caps('postcopy-preempt'),
    '',
    'postcopy-preempt needs the capability postcopy-ram: add "postcopy-ram: true"',
  ],
  [
    '{ postcopy: { start-after: now } }',
    '',
    'a start of post-copy needs the capability: add "capabilities: { postcopy-ram: true }"',
  ],
  [
    '{ capabilities: { auto-converge: true }, parameters: { max-cpu-throttle: 10% } }',
    '',
    'the CPU is throttled from cpu-throttle-initial (20% unless set) up to max-cpu-throttle (99%): make the first not more than the second',
  ],
  [
    '{ capabilities: { xbzrle: true }, parameters: { xbzrle-cache-size: 100MiB } }',
    '',
    'QEMU takes powers of two only, such as 64MiB or 128MiB',
  ],
  [caps('zero-copy-send'), '', 'zero-copy-send needs the capability multifd: add "multifd: true"'],
  [
    '{ capabilities: { multifd: true, zero-copy-send: true }, parameters: { multifd-compression: zstd } }',
    '',
    'zero-copy-send sends guest pages as they are: remove multifd-compression',
  ],
  [
    caps('multifd', 'zero-copy-send'),
    'transport: tls\n',
    'zero-copy-send works over "transport: tcp" only',
  ],
  [caps('mapped-ram'), '', 'mapped-ram lays memory out in a file: it needs "transport: file"'],
  [
    caps('postcopy-ram'),
    'transport: file\n',
    'post-copy asks the source for pages, which a file cannot answer: use "transport: tcp"',
  ],
  [
    caps('switchover-ack'),
    'transport: file\n',
    'switchover-ack waits for an answer of the destination, which a file cannot give: use "transport: tcp"',
  ],
  [
    caps('multifd'),
    'transport: file\n',
    'multifd into a file needs the capability mapped-ram: add "mapped-ram: true"',
  ],
  [
    caps('x-ignore-shared'),
    '',
    'x-ignore-shared needs guest memory that both sides share: "backend: memfd"',
  ],
  [
    caps('dirty-limit'),
    'accelerator: tcg\n',
    'dirty-limit needs KVM with a dirty ring: it is impossible with "accelerator: tcg"',
  ],
  [
    caps('dirty-limit'),
    '',
    'dirty-limit counts by KVM’s dirty ring: add "dirty-ring: 4096" to the guest',
  ],
  [
    caps('postcopy-ram'),
    'transport: exec\n',
    'post-copy asks the source for pages, which a pipe cannot answer: use "transport: tcp"',
  ],
  [
    caps('multifd'),
    'transport: exec\n',
    'multifd needs several connections, and exec is one pipe: use "transport: tcp" or "unix"',
  ],
  [
    '{ capabilities: { mapped-ram: true }, transport: unix }',
    'transport: file\n',
    'mapped-ram lays memory out in a file: it needs "transport: file"',
  ],
  [
    '{ parameters: { mode: cpr-exec } }',
    '',
    'expected normal, cpr-transfer or cpr-reboot: in cpr-exec a QEMU becomes the new one itself, and there are no two to observe',
  ],
  [
    '{ parameters: { mode: cpr-transfer } }',
    '',
    'cpr-transfer keeps the guest on its host: it needs "transport: unix"',
  ],
  [
    '{ parameters: { mode: cpr-transfer }, transport: unix }',
    '',
    'cpr-transfer hands guest memory over as it is: it needs "backend: memfd"',
  ],
  [
    '{ parameters: { mode: cpr-reboot }, transport: unix }',
    '',
    'cpr-reboot saves the guest while no QEMU runs: it needs "transport: file"',
  ],
  [
    caps('events'),
    '',
    'events is always set by migbench itself, where the build has it: remove it',
  ],
  [
    '{ capabilities: { postcopy-ram: true }, postcopy: { recover: true } }',
    'transport: unix\n',
    'only a migration over the link can lose it: use "transport: tcp" or "transport: tls"',
  ],
  [
    '{ parameters: { tls-creds: x } }',
    '',
    'tls-creds is set by migbench itself: write "transport: tls" instead',
  ],
])('%s %s', async (setting, rest, reason) => {
  const [found, ...others] = await problems(withSetting(setting, rest));
  expect(found).toContain(reason);
  expect(found).toMatch(/^plan\.yaml:4:\d+: settings\.a\./);
  expect(others).toEqual([]);
});

test('the caret is under the capability that is one too many', async () => {
  expect(await problems(withSetting(caps('multifd', 'xbzrle')))).toEqual([
    'plan.yaml:4:49: settings.a.capabilities.xbzrle: xbzrle cannot be combined with multifd; make two settings of them',
  ]);
});

test('post-copy without a start begins after one pass, and says so', async () => {
  const { plan, warnings } = await load(withSetting(caps('postcopy-ram')));
  expect(plan.cells[0]?.spec.postcopy).toEqual({
    startAfter: { kind: 'passes', passes: 1 },
    recover: false,
  });
  expect(warnings[0]).toMatch(/^plan\.yaml:4:34: .*post-copy starts after the first pass/);
});

test('post-copy that would start at the deadline or later is warned of', async () => {
  const starting = async (time: string) => {
    const postcopy = `{ capabilities: { postcopy-ram: true }, postcopy: { start-after: { time: ${time} } } }`;
    return (await load(withSetting(postcopy, 'deadline: 10s\n'))).warnings;
  };
  expect(await starting('9999ms')).toEqual([]);
  for (const time of ['10s', '1min'])
    expect((await starting(time))[0]).toMatch(
      /^plan\.yaml:4:\d+: settings\.a\.postcopy\.start-after\.time: post-copy never starts: .* deadline of 10\.?0? s; /u,
    );
});

test('a parameter without its capability is warned of', async () => {
  const { warnings } = await load(withSetting('{ parameters: { multifd-channels: 4 } }'));
  expect(warnings[0]).toContain('has no effect without the capability multifd');
});

test('a setting’s own transport is what its rules look at, and what its cells have', async () => {
  const text = withSetting('{ capabilities: { mapped-ram: true }, transport: file }');
  const { plan } = await load(text);
  expect(plan.cells[0]?.spec.transport).toBe('file');
});

test('a dirty ring is a power of two, KVM’s, and what dirty-limit needs', async () => {
  const ringed = (entries: number, rest = '') =>
    withSetting(caps('dirty-limit'), rest).replace('384MiB', `384MiB, dirty-ring: ${entries}`);
  const { plan } = await load(ringed(4096));
  expect(plan.cells[0]?.spec.guest).toMatchObject({ dirtyRing: 4096 });
  expect(plan.cells[0]?.labels.guest).toBe('384MiB-1cpu-ring4096');
  expect(await problems(ringed(5000))).toEqual([
    'plan.yaml:1:38: guest.dirty-ring: expected a power of two, such as 4096',
  ]);
  const found = await problems(
    SMALL.replace('384MiB', '384MiB, dirty-ring: 4096') + 'accelerator: tcg\n',
  );
  expect(found).toEqual([
    'plan.yaml:1:26: guest.dirty-ring: the dirty ring is KVM’s: it is impossible with "accelerator: tcg"',
  ]);
});

test('a disk is mirrored over a link, to another host, and only where there is one', async () => {
  const mirrored = (setting: string, workload = 'database') =>
    withSetting(setting)
      .replace('384MiB', '384MiB, storage: mirror')
      .replace('[idle]', `[${workload}]`);
  const { plan } = await load(mirrored('{}'));
  expect(plan.cells[0]?.spec.guest).toMatchObject({ storage: 'mirror' });
  expect(plan.cells[0]?.labels.guest).toBe('384MiB-1cpu-mirror');
  expect((await load(SMALL.replace('384MiB', '384MiB, storage: shared'))).plan.cells[0]?.id).toBe(
    (await load(SMALL)).plan.cells[0]?.id,
  );
  expect(await problems(mirrored('{ transport: file }'))).toEqual([
    'plan.yaml:4:13: settings.a: "storage: mirror" copies the disk while the guest moves to another host: not through a file, and not in a CPR mode',
  ]);
  expect(await problems(mirrored('{}', 'idle'))).toEqual([
    expect.stringContaining('guest.storage: the workload "idle" has no disk to mirror'),
  ]);
});

describe('rules of versions', () => {
  const subject: RuleSubject = {
    accelerator: 'auto',
    transport: 'tls',
    capabilities: { multifd: true, 'postcopy-ram': true },
    parameters: {},
    postcopy: { startAfter: { kind: 'now' }, recover: false },
  };
  test.each([
    ['7.2.22', ['multifd-excludes-postcopy-ram', 'postcopy-tls-unsafe']],
    ['10.0.13', ['multifd-excludes-postcopy-ram', 'postcopy-tls-unsafe']],
    ['10.1.0', []],
    ['11.1.3', []],
    ['unknown', []],
  ])('%s', (version, ids) => {
    expect(checkRules(subject, rulesForBuild(version)).map(({ id }) => id)).toEqual(ids);
  });
  test('they do not refuse a plan', () => {
    expect(checkRules(subject)).toEqual([]);
  });
});
