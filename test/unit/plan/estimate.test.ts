/** Predicted times: by hand for a few cells, and for every ready plan the time that its comments promise. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import {
  estimateMigrationMs,
  estimateRunMs,
  estimateTrialMs,
} from '../../../harness/plan/estimate.ts';
import { planTrials } from '../../../harness/plan/order.ts';
import { precopyMs } from '../../../harness/plan/predict-precopy.ts';
import { load, SMALL } from './fixtures.ts';

const folder = join(packageRoot, 'plans');
const readyPlans = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

describe('pre-copy by arithmetic', () => {
  const still = {
    ...{ bytes: 100e6, bytesPerSecond: 50e6, workingSetBytes: 0, writtenPerSecond: 0 },
    ...{ downtimeLimitMs: 300, deadlineMs: 60_000 },
  };
  const writer = { ...still, workingSetBytes: 60e6, writtenPerSecond: 20e6 };

  test('a guest that writes nothing is sent once', () => {
    expect(precopyMs(still)).toBe(2_000);
  });

  test('a writer costs passes, a smaller downtime limit more of them', () => {
    // 2 s; then 60 MB × (1 − e^(−40/60)) = 29.2 MB, 0.58 s; then 10.6 MB within the limit: 0.21 s.
    expect(precopyMs(writer)).toBeCloseTo(2_796, -1);
    expect(precopyMs({ ...writer, downtimeLimitMs: 30 })).toBeGreaterThan(2_900);
  });

  test('one that writes faster than the link carries runs into the deadline; throttled, it does not', () => {
    const fast = { ...writer, writtenPerSecond: 200e6 };
    expect(precopyMs(fast)).toBe(60_000);
    const throttle = { initial: 20, increment: 10, maximum: 99 };
    expect(precopyMs({ ...fast, throttle })).toBeLessThan(30_000);
  });

  test('nothing gets through no link', () => {
    expect(precopyMs({ ...still, bytesPerSecond: 0.001 })).toBe(60_000);
  });
});

describe('migrations', () => {
  const cell = async (text: string) => (await load(text)).plan.cells[0]!.spec;

  test('QEMU’s own cap counts where the plan sets none', async () => {
    const fast = SMALL.replace('1Gbit/s', '10Gbit/s');
    const capped = await cell(fast);
    const free = await cell(`${fast}parameters: { max-bandwidth: unlimited }\n`);
    expect(estimateMigrationMs(capped)).toBeGreaterThan(2 * estimateMigrationMs(free));
  });

  test('memory that both sides share is not sent', async () => {
    const text = SMALL.replace('384MiB', '384MiB, backend: memfd').replace(
      'precopy: {}',
      'shared: { capabilities: { x-ignore-shared: true } }',
    );
    expect(estimateMigrationMs(await cell(text))).toBeLessThan(100);
  });

  test('windows are part of a trial', async () => {
    const short = await cell(`${SMALL}windows: { baseline: 1s }\n`);
    const long = await cell(`${SMALL}windows: { baseline: 11s }\n`);
    expect(estimateTrialMs(long) - estimateTrialMs(short)).toBe(10_000);
  });

  test('a template per source and machine type: the older build of a pair decides', async () => {
    const runMs = async (qemu: string) => {
      const { plan } = await load(`${SMALL}qemu: [${qemu}]\n`);
      return estimateRunMs(planTrials(plan, { repetitions: 1 }), new Map());
    };
    const pair = (source: string, destination: string) =>
      `{ source: 'debian:${source}', destination: 'debian:${destination}' }`;
    const one = await runMs(pair('bookworm', 'bookworm'));
    const upgrade = await runMs(`${pair('bookworm', 'bookworm')}, ${pair('bookworm', 'trixie')}`);
    const downgrade = await runMs(`${pair('bookworm', 'bookworm')}, ${pair('trixie', 'bookworm')}`);
    expect(downgrade - upgrade).toBeGreaterThan(3_000);
    expect(upgrade).toBeGreaterThan(one);
  });
});

/**
 * Measured on two cores under TCG with QEMU 10.0 (guest of 384 MiB, working set 64 MiB, 20 MiB/s; pgbench with two
 * clients): link in Mbit/s, downtime limit in ms, total time in ms.
 */
const measured = [
  ['memory-stress', 1000, 1000, 1251],
  ['memory-stress', 1000, 300, 1410],
  ['memory-stress', 1000, 100, 1411],
  ['memory-stress', 500, 1000, 2614],
  ['memory-stress', 500, 300, 3112],
  ['memory-stress', 500, 100, 3384],
  ['memory-stress', 250, 1000, 6576],
  ['memory-stress', 250, 300, 8543],
  ['memory-stress', 250, 100, 9486],
  ['database', 1000, 300, 2198],
  ['database', 500, 300, 4188],
  ['database', 250, 1000, 8631],
  ['database', 250, 300, 8648],
  ['database', 150, 300, 14_844],
  ['idle', 1000, 300, 665],
  ['idle', 400, 300, 1642],
] as const;

test.each(measured)('%s at %d Mbit/s within %d ms: %d ms, give or take a fifth', (...row) => {
  const [id, megabits, limitMs, totalMs] = row;
  const parameters = {
    'memory-stress': { 'working-set': 64 * 2 ** 20, 'dirty-rate': 20 * 2 ** 20 },
    database: { clients: 2, scale: 1 },
    idle: {},
  }[id];
  const predicted = estimateMigrationMs({
    workload: { id, parameters },
    guest: { memoryBytes: 384 * 2 ** 20, vcpus: 1, backend: 'ram' },
    link: { bandwidthBitsPerSecond: megabits * 1e6 },
    parameters: { 'max-bandwidth': 'unlimited', 'downtime-limit': limitMs },
    capabilities: {},
    deadlineMs: 60_000,
  });
  expect(predicted / totalMs).toBeGreaterThan(0.8);
  expect(predicted / totalMs).toBeLessThan(1.2);
});

describe.each(readyPlans)('plans/%s', (name) => {
  const file = join(folder, name);

  test('is valid without a warning, and its trials take what its comments say', async () => {
    const { plan, warnings, definitions } = await loadPlanFile({ file, overrides: [] });
    expect(warnings).toEqual([]);
    const head =
      /^(?:#.*\n)+/u.exec(readFileSync(file, 'utf8'))?.[0].replaceAll(/\n# ?/gu, ' ') ?? '';
    const trials = planTrials(plan);
    const promised = /about (\d+) minutes? on 2 cores/u.exec(head)?.[1];
    expect(promised, `${name} says "about N minutes on 2 cores"`).toBeDefined();
    expect(head).toMatch(
      new RegExp(`\\b${trials.length} (?:migrations|trials|pairs)|observer`, 'u'),
    );
    const minutes = estimateRunMs(trials, definitions) / 60_000;
    expect(minutes).toBeGreaterThan(Number(promised) * 0.85 - 0.5);
    expect(minutes).toBeLessThan(Number(promised) * 1.15 + 0.5);
  });

  test('has a line in plans/README.md', () => {
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`[${name}](${name})`);
  });
});
