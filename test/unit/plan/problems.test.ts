/** Every class of mistake in a plan, with the place and the words in which it is reported. */
import { describe, expect, test } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { load, problems, SMALL } from './fixtures.ts';

const withGuest = (guest: string) => SMALL.replace('{ memory: 384MiB }', guest);
const withWorkloads = (list: string) => SMALL.replace('[idle]', list);
const withLink = (link: string) => SMALL.replace('{ bandwidth: 1Gbit/s }', link);
const withSettings = (settings: string) => SMALL.replace('{ precopy: {} }', settings);

test('a message is ready to print: place, reason, line, caret, count', async () => {
  const text = withGuest('{ memory: 384mib }').replace('1Gbit/s', '1Gb/s');
  const error = await load(text).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(MigbenchError);
  expect(error).toMatchObject({
    code: 'plan-invalid',
    message: `plan.yaml:1:18: guest.memory: "384mib": "mib" is not a unit of a size, such as 384MiB; did you mean "384MiB"?
    1 | guest: { memory: 384mib }
      |                  ^^^^^^
plan.yaml:3:22: links.0.bandwidth: "1Gb/s": "Gb/s" could mean Gbit/s or GB/s; did you mean "1Gbit/s"?
    3 | links: [{ bandwidth: 1Gb/s }]
      |                      ^^^^^
2 problems in the plan plan.yaml`,
  });
});

test('a plan that is wrong in one way throughout says it three times, not a thousand', async () => {
  const settings = Array.from({ length: 1000 }, (_, n) => `  s${n}: { capabilites: {} }`).join(
    '\n',
  );
  const error: unknown = await load(
    `${SMALL.replace('[idle]', '[idel]').replace('{ precopy: {} }', '')}\n${settings}`,
  ).catch((caught: unknown) => caught);
  const lines = (error instanceof Error ? error.message : '').split('\n');
  expect(lines.length).toBeLessThan(20);
  expect(lines.filter((line) => line.includes('did you mean "capabilities"?'))).toHaveLength(3);
  expect(lines.filter((line) => line.includes('did you mean "idle"?'))).toHaveLength(1);
  expect(lines.slice(-2)).toEqual([
    '… and 997 more, most of them like these',
    '1001 problems in the plan plan.yaml',
  ]);
}, 30_000);

describe('YAML', () => {
  test.each([
    [
      '',
      ['plan.yaml:1:1: the plan is empty; it needs at least guest, workloads, links and settings'],
    ],
    [
      '# nothing\n',
      ['plan.yaml:1:1: the plan is empty; it needs at least guest, workloads, links and settings'],
    ],
    ['- a\n', ['plan.yaml:1:1: expected a mapping, found a list']],
    [
      'guest: 1\n\tlinks: 2\n',
      ['plan.yaml:2:1: a tab is used for indentation; YAML allows only spaces there'],
    ],
    [
      'a: 1\n---\nb: 2\n',
      ['plan.yaml:2:1: a second YAML document begins here ("---"); a plan is one document'],
    ],
    [
      `${SMALL}guest: { memory: 1GiB }\n`,
      ['plan.yaml:5:1: the key "guest" is given twice in the same mapping; remove or rename one'],
    ],
    [
      SMALL.replace('[idle]', '!x [idle]'),
      ['plan.yaml:2:12: YAML tags ("!…") are not used in plans; remove it, or quote the text'],
    ],
    ['['.repeat(20_000), ['plan.yaml:1:1: YAML: lists or mappings are nested too deeply']],
    [
      'a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n',
      ['plan.yaml:1:1: YAML: its aliases expand to more than 100 values; write them out'],
    ],
  ])('%j', async (text, expected) => {
    expect(await problems(text)).toEqual(expected);
  });

  test('a fault of the syntax has its place', async () => {
    const [first] = await problems('guest: { memory: 1GiB\nlinks: 1\n');
    expect(first).toMatch(/^plan\.yaml:2:\d+: YAML: /);
  });
});

describe('keys', () => {
  test('a misspelt key is one problem, with the nearest valid name', async () => {
    const found = await problems(
      SMALL.replace('workloads', 'worklaods').replace('bandwidth', 'bandwith'),
    );
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(
      /^plan\.yaml:2:1: worklaods: unknown key .*did you mean "workloads"\?$/,
    );
    expect(found[1]).toBe(
      'plan.yaml:3:11: links.0.bandwith: unknown key "bandwith"; ' +
        'the valid ones are bandwidth, delay, loss, competing; did you mean "bandwidth"?',
    );
  });

  test('all missing keys are named', async () => {
    expect(await problems('name: x\n')).toEqual(
      ['guest', 'workloads', 'links', 'settings'].map(
        (key) => `plan.yaml:1:1: the plan needs "${key}", which is missing`,
      ),
    );
  });

  test.each([
    [
      withGuest('{ vcpus: 2 }'),
      'plan.yaml:1:8: guest: this mapping needs "memory", which is missing',
    ],
    [
      withGuest('[{ memory: 1GiB, vcpu: 2 }]'),
      'plan.yaml:1:25: guest.0.vcpu: unknown key "vcpu"; the valid ones are memory, vcpus, machine, cpu, backend, storage, dirty-ring, image; did you mean "vcpus"?',
    ],
    [
      `${SMALL}exclude: [{ workloads: idle }]\n`,
      'plan.yaml:5:13: exclude.0.workloads: unknown key "workloads"; the valid ones are workload, setting, link, guest, qemu; did you mean "workload"?',
    ],
    [
      withSettings('{ a: { capabilities: { auto_converge: true } } }'),
      'plan.yaml:4:34: settings.a.capabilities.auto_converge: "auto_converge" is not possible as a name: expected QEMU\'s own name: lower-case words joined by hyphens; did you mean "auto-converge"?',
    ],
    [
      withSettings('{ a/b: {} }'),
      'plan.yaml:4:13: settings.a/b: "a/b" is not possible as a name: expected a label of letters, digits, "-", "_", "+"; did you mean "a-b"?',
    ],
  ])('%j', async (text, expected) => {
    expect(await problems(text)).toEqual([expected]);
  });
});

describe('values', () => {
  test.each([
    [
      withGuest('{ memory: 384 }'),
      '1:18: guest.memory: "384": a size needs a unit, such as 384MiB',
    ],
    [withGuest('{ memory: 1000B }'), '1:18: guest.memory: "1000B": must be at least 1MiB'],
    [
      withGuest('{ memory: 384000001B }'),
      '1:18: guest.memory: memory must be a multiple of the 4KiB page; did you mean "366MiB"?',
    ],
    [withGuest('{ memory: 1GiB, vcpus: 0 }'), '1:31: guest.vcpus: must be at least 1, found 0'],
    [
      withGuest('{ memory: 1GiB, vcpus: 256 }'),
      '1:31: guest.vcpus: must be at most 255, found 256',
    ],
    [
      withGuest('{ memory: 1GiB, vcpus: 1.5 }'),
      '1:31: guest.vcpus: expected a whole number, found 1.5',
    ],
    [
      withGuest('{ memory: 1GiB, backend: memfds }'),
      '1:33: guest.backend: "memfds" is not one of ram, memfd, hugepages; did you mean "memfd"?',
    ],
    [withGuest('big'), '1:8: guest: expected a mapping or a list, found "big"'],
    [withGuest('[]'), '1:8: guest: the list is empty; name at least one'],
    [
      withLink('{ bandwidth: 500kbit/s }'),
      '3:22: links.0.bandwidth: "500kbit/s": must be at least 1Mbit/s',
    ],
    [
      withLink('{ bandwidth: 0 }'),
      '3:22: links.0.bandwidth: "0": a limit of zero is not possible; did you mean "unlimited"?',
    ],
    [
      withLink('{ bandwidth: infinite }'),
      '3:22: links.0.bandwidth: "infinite": expected unlimited or a quantity such as 1Gbit/s; did you mean "unlimited"?',
    ],
    [
      withLink('{ bandwidth: 1Gbit/s, delay: 2 }'),
      '3:38: links.0.delay: "2": a duration needs a unit, such as 300ms',
    ],
    [withWorkloads('[]'), '2:12: workloads: the list is empty; name at least one'],
    [withWorkloads('idle'), '2:12: workloads: expected a list, found "idle"'],
    [withWorkloads('[3]'), '2:13: workloads.0: expected a text or a mapping, found 3'],
    [withSettings('{}'), '4:11: settings: there are no settings; the plainest is "precopy: {}"'],
    [
      withSettings('{ a: { expect: complete } }'),
      '4:26: settings.a.expect: "complete" is not one of completed, not-converged, failed; did you mean "completed"?',
    ],
    [`${SMALL}repetitions: 0\n`, '5:14: repetitions: must be at least 1, found 0'],
    [`${SMALL}deadline: 0s\n`, '5:11: deadline: "0s": must be at least 1ms'],
    [`${SMALL}deadline: 20\n`, '5:11: deadline: "20": a duration needs a unit, such as 300ms'],
    [
      `${SMALL}accelerator: kvn\n`,
      '5:14: accelerator: "kvn" is not one of auto, kvm, tcg; did you mean "kvm"?',
    ],
    [
      `${SMALL}probes: { heartbeat: of }\n`,
      '5:22: probes.heartbeat: "of": expected auto, off or a quantity such as 1ms; did you mean "off"?',
    ],
    [
      `${SMALL}windows: { settle-limit: 10ms }\n`,
      '5:26: windows.settle-limit: settle-limit must not be shorter than settle',
    ],
    [`${SMALL}qemu: []\n`, '5:7: qemu: the list is empty; name at least one'],
    [
      `${SMALL}qemu: [bookworm]\n`,
      '5:8: qemu.0: "bookworm" is not a QEMU build: expected system, debian:SUITE[=VERSION] or path:FILE; did you mean "debian:bookworm"?',
    ],
    [
      `${SMALL}qemu: [sytem]\n`,
      '5:8: qemu.0: "sytem" is not a QEMU build: expected system, debian:SUITE[=VERSION] or path:FILE; did you mean "system"?',
    ],
    [
      `${SMALL}parameters: { downtime-limit: 300 }\n`,
      '5:31: parameters.downtime-limit: "300": a duration needs a unit, such as 300ms',
    ],
    [
      `${SMALL}parameters: { max-bandwidth: 0 }\n`,
      '5:30: parameters.max-bandwidth: "0": a limit of zero is not possible; did you mean "unlimited"?',
    ],
    [
      `${SMALL}parameters: { max-bandwidth: 100MiB }\n`,
      '5:30: parameters.max-bandwidth: "100MiB": "MiB" is the unit of a size; a rate is expected, such as 20MiB/s; did you mean "100MiB/s"?',
    ],
    [
      `${SMALL}parameters: { multifd-channels: 0 }\n`,
      '5:33: parameters.multifd-channels: "0": must be at least 1',
    ],
    [
      `${SMALL}parameters: { multifd-channels: 300 }\n`,
      '5:33: parameters.multifd-channels: "300": must be at most 255',
    ],
    [
      `${SMALL}parameters: { max-bandwidth: 100kB/s }\n`,
      '5:30: parameters.max-bandwidth: "100kB/s": must be at least 125kB/s',
    ],
    [
      `${SMALL}parameters: { multifd-channels: 4ms }\n`,
      '5:33: parameters.multifd-channels: "4ms": "ms" is a unit, but this is a plain count; did you mean "4"?',
    ],
    [
      `${SMALL}parameters: { vcpu-dirty-limit: 1500kB/s }\n`,
      '5:33: parameters.vcpu-dirty-limit: "1500kB/s": QEMU takes whole multiples of 1MB/s only; did you mean "2MB/s"?',
    ],
  ])('%j', async (text, expected) => {
    expect(await problems(text)).toEqual([`plan.yaml:${expected}`]);
  });
});

describe('workloads', () => {
  test.each([
    [
      '[idel]',
      '2:13: workloads.0: there is no workload "idel"; the built-in ones are idle, memory-stress, database; did you mean "idle"?',
    ],
    [
      '[{ id: databse }]',
      '2:19: workloads.0.id: there is no workload "databse"; the built-in ones are idle, memory-stress, database; did you mean "database"?',
    ],
    [
      '[{}]',
      '2:13: workloads.0: a workload has either an id (built-in) or a path (your own folder)',
    ],
    ['[{ path: ./nope }]', '2:21: workloads.0.path: the folder holds no workload.js'],
    [
      '[{ id: database, client: 2 }]',
      '2:29: workloads.0.client: unknown parameter "client"; database has clients, rate; did you mean "clients"?',
    ],
    ['[{ id: database, clients: 0 }]', '2:38: workloads.0.clients: "0": must be at least 1'],
    [
      '[{ id: database, clients: 1.5 }]',
      '2:38: workloads.0.clients: "1.5": a whole number is expected; did you mean "2"?',
    ],
    [
      '[{ id: memory-stress, pattern: randm }]',
      '2:43: workloads.0.pattern: "randm" is not one of random, sequential; did you mean "random"?',
    ],
    [
      '[{ id: memory-stress, working-set: 64 }]',
      '2:47: workloads.0.working-set: "64": a size needs a unit, such as 384MiB',
    ],
    ['[{ id: memory-stress, verify: 1 }]', '2:42: workloads.0.verify: "1": expected true or false'],
    [
      '[idle, idle]',
      '2:19: workloads.1: the same as workloads.0: each of its cells would be run twice; remove one',
    ],
    [
      '[{ id: memory-stress, working-set: 1GiB }]',
      '1:18: guest.memory: 384MiB is too small for the workload "memory-stress", which needs at least 1152MiB',
    ],
  ])('%s', async (list, expected) => {
    expect(await problems(withWorkloads(list))).toEqual([`plan.yaml:${expected}`]);
  });
});

describe('repetition within a dimension', () => {
  test.each([
    [
      withSettings('{ a: {}, b: {} }'),
      '4:23: settings.b: the same as settings.a: each of its cells would be run twice; remove one',
    ],
    [
      withLink('{ bandwidth: 1Gbit/s }, { bandwidth: 1000Mbit/s, delay: 0ms }'),
      '3:33: links.1: the same as links.0: each of its cells would be run twice; remove one',
    ],
    [
      `${SMALL}qemu: [system, { source: system, destination: system }]\n`,
      '5:16: qemu.1: the same as qemu.0: each of its cells would be run twice; remove one',
    ],
  ])('%j', async (text, expected) => {
    expect(await problems(text)).toEqual([`plan.yaml:${expected}`]);
  });
});

test('problems of every kind come together, in the order of the file', async () => {
  const text = `guest: { memory: 64MiB, vcpu: 2 }
workloads: [idle, { id: database, client: 2 }]
links: [{ bandwidth: 1Mb/s }, { bandwidth: 1Gbit/s }]
settings:
  a: { capabilities: { multifd: true, xbzrle: true } }
  b: { capabilites: {} }
repetitions: many
`;
  expect((await problems(text)).map((line) => /^plan\.yaml:(\d+:\d+)/.exec(line)?.[1])).toEqual([
    '1:25',
    '2:35',
    '3:22',
    '5:39',
    '6:8',
    '7:14',
  ]);
});

describe('size', () => {
  test('a matrix of a million cells is refused at once, without being expanded', async () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    const text = `guest: [${hundred.map((n) => `{ memory: ${n}GiB }`).join(', ')}]
workloads: [idle]
links: [${hundred.map((n) => `{ bandwidth: ${n}Gbit/s }`).join(', ')}]
settings: {${hundred.map((n) => `s${n}: { parameters: { downtime-limit: ${n}ms } }`).join(', ')}}
`;
    const startMs = performance.now();
    expect(await problems(text)).toEqual([
      'plan.yaml:1:1: 100 settings × 100 links × 100 guests = 1000000 cells; ' +
        'a plan has at most 10000: shorten a list',
    ]);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  test('too many trials', async () => {
    const links = Array.from({ length: 11 }, (_, index) => `{ bandwidth: ${index + 1}Gbit/s }`);
    const text = `${withLink(links.join(', '))}repetitions: 9999\n`;
    expect(await problems(text)).toEqual([
      'plan.yaml:5:14: repetitions: 11 cells × 9999 repetitions = 109989 trials; a plan has at most 100000',
    ]);
  });
});
