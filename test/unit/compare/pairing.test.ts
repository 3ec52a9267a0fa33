/** What is compared with what: pairing, refusals, and what a reader must know of both sides. */
import { describe, expect, it } from 'vitest';
import { metricOf } from '../../../harness/analysis/metrics.ts';
import {
  compareGroups,
  compareRuns,
  metricsNamed,
  readSide,
} from '../../../harness/compare/index.ts';
import { madeUpRun, pairOf, quiet, sharp, trials, type MadeUpCell } from './fixture.ts';

const total = [metricOf('totalTimeMs')];

describe('what is compared with what', () => {
  it('refuses other hosts, images, modes and accelerators, and says what differs', () => {
    const [base] = pairOf(quiet, quiet);
    const other = (changes: Parameters<typeof madeUpRun>[1], cell: Partial<MadeUpCell> = {}) =>
      madeUpRun([{ observations: trials('totalTimeMs', quiet), ...cell }], {
        runId: 'two',
        ...changes,
      });
    const host = { ...base.environment.host, cpuModel: 'Other CPU' };
    expect(() => compareRuns(base, other({ host }))).toThrow(
      /cannot be compared:\n {2}host CPU: CPU, 2 CPUs → Other CPU, 2 CPUs\n.*--force/u,
    );
    expect(() => compareRuns(base, other({ sandboxMode: 'loopback' }))).toThrow(/sandbox mode/u);
    expect(() =>
      compareRuns(base, other({ image: { ...base.environment.image, key: 'new' } })),
    ).toThrow(/guest image/u);
    expect(() => compareRuns(base, other({}, { accelerator: 'kvm' }))).toThrow(
      /accelerator of idle · precopy.*: tcg → kvm/u,
    );
    const forced = compareRuns(base, other({ host }), { force: true });
    expect(forced.trusted).toBe(false);
    expect(forced.warnings[0]).toContain('not comparable');
    expect(compareRuns(base, other({ node: '22.0.0' })).differences).toEqual([
      { what: 'Node', base: '20.19.0', candidate: '22.0.0', incomparable: false },
    ]);
  });

  it('does not trust a run whose host drifted', () => {
    const at = (medianMs: number) => ({
      at: '2026-01-01T00:00:00.000Z',
      tasks: [{ name: 'copy-8MiB', medianMs, madMs: 0, iterations: 10 }],
    });
    const [base] = pairOf(quiet, quiet);
    const drifted = (factor: number) =>
      madeUpRun([{ observations: trials('totalTimeMs', quiet) }], {
        runId: 'two',
        calibrations: [at(2), at(2 * factor)],
      });
    expect(compareRuns(base, drifted(2.9), sharp).trusted).toBe(true);
    const found = compareRuns(base, drifted(28), sharp);
    expect(found.trusted).toBe(false);
    expect(found.warnings[0]).toBe(
      'runs/two: the host drifted: copy-8MiB took 2 ms at one time of the run and 56 ms at another (× 28.0, of 2 calibrations). Its results are not to be trusted.',
    );
    // Once for a run, however many groups of it are compared.
    const one = drifted(28);
    expect(
      compareRuns(one, one, sharp).warnings.filter((text) => text.includes('drifted')),
    ).toHaveLength(1);
  });

  it('says that a QEMU behind the same name is another one, and of a noise floor that it is', () => {
    const [base, candidate] = pairOf(quiet, quiet);
    const upgraded = {
      ...candidate,
      cells: candidate.cells.map((cell) => ({ ...cell, qemu: ['10.0.14'] })),
    };
    expect(compareRuns(base, upgraded, sharp).differences).toEqual([
      { what: 'QEMU', base: '10.0.13', candidate: '10.0.14', incomparable: false },
    ]);
    const floorOn = (cpuModel: string) =>
      compareRuns(base, candidate, {
        ...sharp,
        noiseFloor: () => 0.05,
        noiseFloorFrom: { ...base.environment, host: { ...base.environment.host, cpuModel } },
      });
    expect(floorOn('CPU').warnings.join()).not.toContain('noise floor');
    const laptop = floorOn('Laptop');
    expect(laptop.warnings.join()).toContain(
      'The noise floor was measured on something else, and may hide or invent changes here (host CPU: Laptop, 2 CPUs → CPU, 2 CPUs).',
    );
    expect(JSON.parse(JSON.stringify(laptop))).toEqual(laptop);
  });

  it('pairs cells with the same id, else those that differ in one dimension alone', () => {
    const cell = (labels: MadeUpCell['labels'], hash = '00000000'): MadeUpCell => ({
      ...(labels === undefined ? {} : { labels }),
      hash,
      observations: trials('totalTimeMs', quiet),
    });
    const base = madeUpRun([cell({}), cell({ setting: 'postcopy' })]);
    const same = compareRuns(
      base,
      madeUpRun([cell({}), cell({ link: '5Mbit/s' })], { runId: 'two' }),
    );
    expect(same.cells.map(({ label }) => label)).toEqual(['idle · precopy']);
    expect(same.unmatched).toEqual({
      base: ['idle/postcopy/1Gbit/s/384MiB-1cpu/system~00000000'],
      candidate: ['idle/precopy/5Mbit/s/384MiB-1cpu/system~00000000'],
    });
    const slower = madeUpRun([cell({ link: '900Mbit/s' }, '11111111')], { runId: 'two' });
    const found = compareRuns(base, slower);
    expect(found.by).toBe('link');
    expect(found.cells[0]?.label).toBe('idle · precopy: 1Gbit/s → 900Mbit/s');
    expect(() => compareRuns(base, slower, { by: 'qemu' })).toThrow(/more than their qemu/u);
    expect(() =>
      compareRuns(base, madeUpRun([cell({ link: 'a', workload: 'b' })], { runId: 'two' })),
    ).toThrow(/more than one dimension/u);
  });

  it('compares groups of one run, ranking neighbouring blocks only', () => {
    // The host gets slower by half between the first and the last block; the candidate is 10 % slower throughout.
    const drifting = (factor: number) =>
      Array.from({ length: 10 }, (_, block) => 2000 * factor * (1 + 0.05 * block) + block);
    const run = madeUpRun([
      { labels: { qemu: 'old' }, observations: trials('totalTimeMs', drifting(1)) },
      { labels: { qemu: 'new' }, observations: trials('totalTimeMs', drifting(1.15)) },
      { labels: { qemu: 'newer' }, observations: trials('totalTimeMs', drifting(1)) },
    ]);
    const found = compareGroups(run, 'qemu', sharp);
    expect(found.base.name).toBe('old');
    const unasked = compareGroups(run, 'qemu', { metrics: total });
    expect(unasked.options.minimumChange).toBe(0.1);
    expect(unasked.warnings[0]).toContain('booted separately');
    expect(found.candidates.map(({ name }) => name)).toEqual(['new', 'newer']);
    expect(found.cells.map(({ metrics }) => metrics[0]?.test?.strata)).toEqual([2, 2]);
    const chosen = compareGroups(run, 'qemu', { metrics: total, from: 'newer', to: 'old' });
    expect(chosen.cells.map(({ label }) => label)).toEqual(['idle · precopy: newer → old']);
    expect(() => compareGroups(run, 'qemu', { to: 'oldest' })).toThrow(
      /no qemu "oldest": expected one of old, new, newer/u,
    );
    expect(() => compareGroups(run, 'link')).toThrow(/needs two values/u);
  });

  it('names metrics by their columns', () => {
    expect(metricsNamed(['pause_ms', 'total_time_ms']).map(({ key }) => key)).toEqual([
      'totalTimeMs',
      'pauseMs',
    ]);
    expect(metricsNamed(['all']).length).toBeGreaterThan(30);
    expect(() => metricsNamed(['pause'])).toThrow(/--metric pause is no metric.*pause_ms/u);
  });

  it('reads a run directory', async () => {
    const run = await readSide('test/fixtures/runs/every-outcome');
    expect(run.cells.length).toBeGreaterThan(3);
    const found = compareRuns(run, run);
    expect(found.cells).toHaveLength(run.cells.length);
    expect(
      found.cells.flatMap(({ metrics }) => metrics).map(({ verdict }) => verdict),
    ).not.toContain('regressed');
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});
