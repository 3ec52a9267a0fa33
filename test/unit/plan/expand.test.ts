/** The matrix: counts, labels, ids, exclude and include. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalJson,
  cellHash,
  cellKeyWithout,
  planHash,
} from '../../../harness/plan/canonical.ts';
import { load, problems, SMALL } from './fixtures.ts';

const FULL = `name: full
guest: [{ memory: 384MiB }, { memory: 1GiB, vcpus: 2, backend: memfd }]
qemu: [system, { source: "debian:bookworm", destination: "debian:trixie" }]
workloads:
  - idle
  - { id: memory-stress, dirty-rate: 20MiB/s }
  - { id: memory-stress, dirty-rate: 40MiB/s, threads: 2 }
links:
  - { bandwidth: 1Gbit/s }
  - { bandwidth: unlimited, delay: 2ms, loss: 0.1%, competing: 300Mbit/s }
settings:
  precopy:
  postcopy: { capabilities: { postcopy-ram: true }, postcopy: { start-after: { time: 2s } } }
parameters: { max-bandwidth: unlimited, downtime-limit: 300ms }
deadline: 20s
probes: { heartbeat: 1ms }
repetitions: 2
`;

test('every combination is a cell, with readable labels', async () => {
  const { plan } = await load(FULL);
  expect(plan.cells).toHaveLength(48);
  expect(new Set(plan.cells.map(({ id }) => id)).size).toBe(48);
  expect(plan.cells[0]?.id).toMatch(/^idle\/precopy\/1Gbit\/384MiB-1cpu\/system~[0-9a-f]{8}$/);
  expect(plan.cells.at(-1)?.labels).toEqual({
    workload: 'memory-stress+dirty-rate=40MiB+threads=2',
    setting: 'postcopy',
    link: 'unlimited+2ms+loss0.1%+competing300Mbit',
    guest: '1GiB-2cpu-memfd',
    qemu: 'debian-bookworm-to-debian-trixie',
  });
  expect(plan.cells.at(-1)?.spec).toEqual({
    workload: {
      id: 'memory-stress',
      parameters: {
        'working-set': 33554432,
        'dirty-rate': 41943040,
        pattern: 'random',
        threads: 2,
        verify: true,
        pause: 0,
      },
    },
    guest: { memoryBytes: 1073741824, vcpus: 2, backend: 'memfd' },
    accelerator: 'auto',
    qemu: { source: 'debian:bookworm', destination: 'debian:trixie' },
    link: {
      bandwidthBitsPerSecond: 'unlimited',
      delayUs: 2000,
      lossPercent: 0.1,
      competingBitsPerSecond: 300000000,
    },
    transport: 'tcp',
    capabilities: { 'postcopy-ram': true },
    parameters: { 'max-bandwidth': 'unlimited', 'downtime-limit': 300 },
    postcopy: { startAfter: { kind: 'time', timeMs: 2000 }, recover: false },
    windows: { baselineMs: 1000, settleMs: 1000, settleLimitMs: 10000 },
    probes: { heartbeat: 1000, service: true },
    deadlineMs: 20000,
  });
});

test('an own workload is found relative to the plan, and may have a label', async () => {
  const { plan, definitions } = await load(
    SMALL.replace('[idle]', '[{ path: ./own, label: mine }, idle]'),
  );
  expect(plan.cells[0]?.labels.workload).toBe('mine');
  expect(plan.cells[0]?.spec.workload).toEqual({
    id: 'own',
    path: '/plans/own',
    digest: 'd'.repeat(64),
    parameters: {},
  });
  expect([...definitions.keys()]).toEqual(['/plans/own', 'idle']);
});

test('name, seed and repetitions are not part of a cell; everything else is', async () => {
  const id = async (text: string) => (await load(text)).plan.cells[0]?.id;
  const first = await id(SMALL);
  expect(await id(`${SMALL}name: other\nseed: 9\nrepetitions: 3\n`)).toBe(first);
  for (const line of [
    'deadline: 61s',
    'transport: unix',
    'accelerator: tcg',
    'probes: { service: false }',
  ])
    expect(await id(`${SMALL}${line}\n`)).not.toBe(first);
});

describe('exclude and include', () => {
  test('an entry matches the cells that agree with all its keys', async () => {
    const text = `${FULL}exclude: [{ workload: memory-stress, setting: postcopy }, { guest: "1GiB*" }]\n`;
    const { plan, warnings } = await load(text);
    // 24 cells have the small guest; 8 of those are memory-stress with post-copy.
    expect(plan.cells).toHaveLength(16);
    expect(warnings).toEqual([]);
  });

  test('include keeps exceptions', async () => {
    const text = `${FULL}exclude: [{ workload: idle }]\ninclude: [{ workload: idle, link: 1Gbit/s, setting: precopy }]\n`;
    const { plan } = await load(text);
    expect(plan.cells).toHaveLength(32 + 4);
  });

  test('an entry without effect is a warning', async () => {
    const { warnings } = await load(
      `${FULL}exclude: [{ setting: precpy }]\ninclude: [{ workload: idle }]\n`,
    );
    expect(warnings.map((text) => text.split('\n')[0])).toEqual([
      'plan.yaml:18:22: exclude.0.setting: no setting is called "precpy"; there are precopy, postcopy; did you mean "precopy"?',
      'plan.yaml:19:11: include.0: this entry has no effect: it matches no cell that it could change',
    ]);
  });

  test('nothing left', async () => {
    expect(await problems(`${SMALL}exclude: [{ workload: "*" }]\n`)).toEqual([
      'plan.yaml:5:10: exclude: every cell is excluded; nothing is left to run',
    ]);
  });

  test('a cell that is excluded may be impossible', async () => {
    const text = SMALL.replace('384MiB', '128MiB').replace('[idle]', '[idle, database]');
    expect(await problems(text)).toHaveLength(1);
    expect(await problems(`${text}exclude: [{ workload: database }]\n`)).toEqual([]);
  });
});

test('the number of cells is the product of the lists', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      async (links, settings) => {
        const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
        const text = `guest: { memory: 384MiB }
workloads: [idle, database]
links: [${numbers(links)
          .map((n) => `{ bandwidth: ${n}Gbit/s }`)
          .join(', ')}]
settings: { ${numbers(settings)
          .map((n) => `s${n}: { parameters: { downtime-limit: ${n}ms } }`)
          .join(', ')} }
`;
        expect((await load(text)).plan.cells).toHaveLength(2 * links * settings);
      },
    ),
    { numRuns: 20 },
  );
});

describe('canonical form', () => {
  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: [1, { d: undefined, c: 'x' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"x"}]}',
    );
    expect(() => canonicalJson({ a: NaN })).toThrow(RangeError);
  });

  test('is stable: a known hash', async () => {
    const { plan } = await load(SMALL);
    const [cell] = plan.cells;
    if (cell === undefined) throw new Error('no cell');
    expect(cellHash(cell.spec).slice(0, 8)).toBe(cell.id.slice(-8));
    expect(cell.id).toMatchInlineSnapshot(`"idle/precopy/1Gbit/384MiB-1cpu/system~394f1c0e"`);
    expect(planHash(plan)).toHaveLength(64);
  });

  test('cells pair without one dimension', async () => {
    const { plan } = await load(FULL);
    const [first, ...others] = plan.cells;
    if (first === undefined) throw new Error('no cell');
    for (const dimension of ['workload', 'setting', 'link', 'guest', 'qemu'] as const) {
      const partners = others.filter(
        (other) => cellKeyWithout(other, dimension) === cellKeyWithout(first, dimension),
      );
      expect(partners).toHaveLength(
        { workload: 2, setting: 1, link: 1, guest: 1, qemu: 1 }[dimension],
      );
    }
  });
});

test('pinning is part of the cell, and only what is named', async () => {
  const {
    plan: { cells: pinned },
  } = await load(`${SMALL}pin: { source: 0, observers: '0,2-3' }\n`);
  expect(pinned[0]?.spec.pin).toEqual({ source: '0', observers: '0,2-3' });
  const {
    plan: { cells: free },
  } = await load(SMALL);
  expect(free[0]?.spec).not.toHaveProperty('pin');
  expect(pinned[0]?.id).not.toBe(free[0]?.id);
});

test('a setting may have other probes than the plan', async () => {
  const { plan } = await load(`${SMALL.replace(/settings:.*/u, '')}settings:
  all: {}
  none: { probes: off }
  deaf: { probes: { heartbeat: off } }
  slow: { probes: { heartbeat: 20ms, service: false } }
probes: { heartbeat: 5ms }
`);
  expect(plan.cells.map(({ spec }) => spec.probes)).toEqual([
    { heartbeat: 5000, service: true },
    { heartbeat: 'off', service: false, others: false },
    { heartbeat: 'off', service: true },
    { heartbeat: 20_000, service: false },
  ]);
  expect(new Set(plan.cells.map(({ id }) => id)).size).toBe(4);
});
