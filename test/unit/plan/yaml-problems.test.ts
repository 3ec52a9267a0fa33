/** Mistakes in a plan's YAML and in its keys, with the place and the words in which they are reported. */
import { describe, expect, test } from 'vitest';
import { problems, SMALL, withGuest, withSettings } from './fixtures.ts';

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
