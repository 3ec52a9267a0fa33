/** `--set`: what it changes, and that its mistakes name the flag. */
import { expect, test } from 'vitest';
import { load, problems, SMALL } from './fixtures.ts';

test('values are set by path', async () => {
  const text = SMALL.replace('[idle]', '[idle, { id: memory-stress, dirty-rate: 1MiB/s }]');
  const { plan } = await load(text, [
    'repetitions=7',
    'guest.memory=512MiB',
    'links.0.bandwidth=2Gbit/s',
    'links.1.bandwidth=unlimited',
    'workloads.1.dirty-rate=40MiB/s',
    'settings.multifd={ capabilities: { multifd: true } }',
    'qemu.0=debian:trixie',
    'name=a=b',
    'name=other',
  ]);
  expect(plan.name).toBe('other');
  expect(plan.repetitions).toBe(7);
  expect(plan.cells).toHaveLength(8);
  const spec = plan.cells.at(-1)?.spec;
  expect(spec?.guest.memoryBytes).toBe(512 * 2 ** 20);
  expect(spec?.link.bandwidthBitsPerSecond).toBe('unlimited');
  expect(spec?.workload.parameters['dirty-rate']).toBe(40 * 2 ** 20);
  expect(spec?.capabilities).toEqual({ multifd: true });
  expect(spec?.qemu).toEqual({ source: 'debian:trixie', destination: 'debian:trixie' });
});

test('a workload that is only named can be given parameters', async () => {
  const { plan } = await load(SMALL, ['workloads.0=database', 'workloads.0.clients=3']);
  expect(plan.cells[0]?.spec.workload.parameters).toEqual({ clients: 3, rate: 100 });
});

test.each([
  ['nope', 'is written path=value, for example --set repetitions=5'],
  ['a..b=1', 'a name is missing in the path; write it as in guest.memory=512MiB'],
  ['guest=[1', 'the value is not valid YAML: Flow sequence must end with a ]'],
  ['guest.memory.x=1', 'guest.memory is "384MiB", which has no "x"'],
  ['links.5.bandwidth=1', 'links has 1 entries, counted from 0'],
  ['links.bandwidth=1', 'links is a list: write links.0 for its first entry'],
  [
    'links.0.bandwidth=1Gb/s',
    'links.0.bandwidth: "1Gb/s": "Gb/s" could mean Gbit/s or GB/s; did you mean "1Gbit/s"?',
  ],
  ['workloads.0.x=1', 'workloads.0.x: unknown parameter "x"; idle has none'],
  [
    'guest.memory=9MiB',
    'guest.memory: 9MiB is too small for the workload "idle", which needs at least 96MiB',
  ],
])('%s names the flag', async (flag, reason) => {
  expect(await problems(SMALL, [flag])).toEqual([`--set ${flag}: ${reason}`]);
});

test('a misspelt key, and a key that would reach the prototype', async () => {
  const found = await problems(SMALL, ['repetition=5', '__proto__.x=1']);
  expect(found[0]).toMatch(/^--set repetition=5: .*did you mean "repetitions"\?$/);
  expect(found[1]).toMatch(/^--set __proto__\.x=1: __proto__: unknown key/);
  expect(({} as { x?: unknown }).x).toBeUndefined();
});

test('problems of the file and of all flags are reported together', async () => {
  const found = await problems(SMALL.replace('384MiB', '384'), ['nope', 'repetitions=0']);
  expect(found.map((line) => line.split(': ')[0])).toEqual([
    'plan.yaml:1:18',
    '--set repetitions=0',
    '--set nope',
  ]);
});
