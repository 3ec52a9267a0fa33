/** Calibrations of several guests, and which of them a card is reckoned with. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { calibrationsOf, costsForCard } from '../../../harness/characterize/calibrations.ts';
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

describe('costsForCard', () => {
  const both = calibrationsOf([...under(idle, 4), ...under(large, 9)], [idle, large], '');

  test('takes the calibration of the same guest', () => {
    const own = costsForCard({ ...busy, guest: large.guest }, both)!;
    expect(own.costs.setupMs).toBe(9);
    expect(own.warning).toBeUndefined();
    expect(costsForCard(busy, both)!.costs.setupMs).toBe(4);
  });

  test('or of the nearest, and says what is other about it', () => {
    const other = costsForCard({ ...busy, qemu: { ...busy.qemu, version: '7.2.22' } }, both)!;
    expect(other.costs.setupMs).toBe(4);
    expect(other.warning).toContain(
      '(384 MiB, 1 vCPU, QEMU 7.2.22, TCG): it is reckoned with a calibration of QEMU 10.0.13.',
    );
    const kvm = { ...large, accelerator: 'kvm' as const };
    const [first] = both;
    const mixed = [first!, { ...both[1]!, card: kvm }];
    expect(costsForCard({ ...busy, accelerator: 'kvm' }, mixed)!.warning).toContain(
      'a calibration of 1 GiB, 2 vCPU.',
    );
    expect(costsForCard(busy, [])).toBeUndefined();
  });
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
