/** Mistakes in a plan's values and in its workloads' parameters, with the place and the words in which they are reported. */
import { describe, expect, test } from 'vitest';
import { problems, SMALL, withGuest, withLink, withSettings, withWorkloads } from './fixtures.ts';

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
