/** Calibrations of several guests, and which of them a card is reckoned with. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { costsFor, nearestCosts } from '../../../harness/characterize/calibration.ts';
import { calibrationsOf } from '../../../harness/characterize/calibrations.ts';
import { calibrationOverrides } from '../../../harness/cli/calibration-overrides.ts';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { MIB } from './measurement.ts';
import { busy, idle, record } from './records.ts';

const large = { ...idle, guest: { ...idle.guest, memoryBytes: 1024 * MIB, vcpus: 2 } };
const under = (card: typeof idle, setupMs: number) =>
  ([100e6, 200e6, 400e6, 'unlimited'] as const).map((bandwidth) => {
    const made = record(card, bandwidth, 100);
    return { ...made, measurements: { ...made.measurements, setupTimeMs: setupMs } };
  });

describe('calibrationsOf', () => {
  test('makes one for each guest, with the card of that guest', () => {
    const found = calibrationsOf(
      [...under(idle, 4), ...under(large, 9)],
      // The first idle card of this QEMU is of another guest.
      [busy, large, idle],
      '2026-11-25T08:00:00.000Z',
    );
    expect(found.map(({ card, calibration }) => [card, calibration.setupMs])).toEqual([
      [idle, 4],
      [large, 9],
    ]);
  });

  test('says which card is missing', () => {
    expect(() => calibrationsOf(under(large, 9), [busy, idle], '')).toThrow(
      'needs a card of the idle workload made with it, for a guest of 1 GiB and 2 vCPU under TCG',
    );
    expect(() => calibrationsOf([], [idle], '')).toThrow('None of the 0 migrations');
  });
});

const both = calibrationsOf([...under(idle, 4), ...under(large, 9)], [idle, large], '').map(
  ({ calibration }) => calibration,
);
const [small, big] = both;
const older = { ...busy, qemu: { ...busy.qemu, version: '7.2.22' } };

describe('nearestCosts', () => {
  test('takes the calibration of the same guest', () => {
    const own = nearestCosts({ ...busy, guest: large.guest }, both)!;
    expect(own.costs.setupMs).toBe(9);
    expect(own.warnings).toEqual([]);
    expect(nearestCosts(busy, both)!.costs.setupMs).toBe(4);
  });

  test('or the nearest, and says what is other about it', () => {
    const other = nearestCosts(older, both)!;
    expect(other.costs.setupMs).toBe(4);
    expect(other.warnings).toEqual([
      expect.stringContaining(
        '(384 MiB, 1 vCPU, QEMU 7.2.22, TCG): it is reckoned with a calibration of QEMU 10.0.13.',
      ),
    ]);
    const kvm = { ...busy, accelerator: 'kvm' as const };
    expect(nearestCosts(kvm, [small!, { ...big!, accelerator: 'kvm' }])!.warnings).toEqual([
      expect.stringContaining('a calibration of 1 GiB, 2 vCPU.'),
    ]);
    expect(nearestCosts(kvm, [small!])!.warnings).toEqual([
      expect.stringContaining('a calibration of TCG.'),
    ]);
    expect(nearestCosts(busy, [])).toBeUndefined();
  });

  test('says what a calibration of before does not say', () => {
    const { qemuVersion: _version, guest: _guest, ...before } = small!;
    const { costs, warnings } = nearestCosts(older, [before])!;
    expect(costs.source).toBe('measured');
    expect(warnings).toEqual([
      expect.stringContaining('does not say with which QEMU and guest it was measured'),
    ]);
    // What is known to be of this guest is nearer, and what may be of it is nearer than what is not.
    expect(nearestCosts(busy, [{ ...before, setupMs: 1 }, small!])!.costs.setupMs).toBe(4);
    expect(nearestCosts(busy, [big!, { ...before, setupMs: 1 }])!.costs.setupMs).toBe(1);
  });
});

test('of a directory of calibrations the nearest is read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'migbench-costs-'));
  const write = (name: string, value: object) =>
    writeFile(join(folder, name), JSON.stringify(value));
  try {
    await write('calibration.json', small!);
    await write('calibration-7.2.22.json', { ...small!, qemuVersion: '7.2.22', setupMs: 2 });
    expect(await costsFor(busy, folder)).toMatchObject({ costs: { setupMs: 4 }, warnings: [] });
    expect(await costsFor(older, folder)).toMatchObject({ costs: { setupMs: 2 }, warnings: [] });
    const foreign = await costsFor(older, join(folder, 'calibration.json'));
    expect(foreign.costs.setupMs).toBe(4);
    expect(foreign.warnings.join(' ')).toContain('a calibration of QEMU 10.0.13');
    await writeFile(join(folder, 'calibration.json'), '{"schemaVersion":1,');
    await expect(costsFor(busy, folder)).rejects.toThrow('not JSON');
    await rm(join(folder, 'calibration.json'));
    expect((await costsFor(busy, folder)).costs.setupMs).toBe(2);
    await rm(join(folder, 'calibration-7.2.22.json'));
    await expect(costsFor(busy, folder)).rejects.toThrow(
      'calibration.json: the calibration cannot',
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('the plan of a calibration', () => {
  const plan = [
    'guest: { memory: 1GiB, vcpus: 2 }',
    'accelerator: tcg',
    'qemu: [debian:bookworm]',
    'workloads: [database]',
    'links: [{ bandwidth: 1Gbit/s }]',
    'settings: { precopy: {} }',
  ].join('\n');

  test('has the guests, builds and accelerator of the plan that is validated', async () => {
    const overrides = calibrationOverrides(plan, ['guest.vcpus=4', 'links.0.bandwidth=2Gbit/s']);
    expect(overrides.at(-1)).toBe('guest.vcpus=4');
    const { plan: loaded } = await loadPlanFile({
      file: join(packageRoot, 'plans', 'calibrate.yaml'),
      overrides,
    });
    expect(loaded.cells).toHaveLength(10);
    for (const { spec } of loaded.cells) {
      expect(spec).toMatchObject({
        workload: { id: 'idle' },
        guest: { memoryBytes: 1024 * MIB, vcpus: 4 },
        accelerator: 'tcg',
        qemu: { source: 'debian:bookworm', destination: 'debian:bookworm' },
      });
    }
    expect(new Set(loaded.cells.map(({ labels }) => labels.link)).size).toBe(5);
  });

  test('is what it was for the plans that come with migbench', async () => {
    const file = join(packageRoot, 'plans', 'calibrate.yaml');
    const { text } = await loadPlanFile({
      file: join(packageRoot, 'plans', 'validate.yaml'),
      overrides: [],
    });
    const plain = await loadPlanFile({ file, overrides: [] });
    const derived = await loadPlanFile({ file, overrides: calibrationOverrides(text, []) });
    expect(derived.plan.cells).toEqual(plain.plan.cells);
  });
});
