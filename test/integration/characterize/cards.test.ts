/** predict, guide and validate on cards that are damaged, foreign or asked too much of; no QEMU is started. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import { card } from '../../unit/characterize/measurement.ts';
import { CommandLine } from '../cli/command-line.ts';

const line = new CommandLine();
afterAll(() => line[Symbol.dispose]());
const whole = JSON.stringify(card());
mkdirSync(join(line.folder, 'cards'));
line.file('card.json', whole);
line.file('damaged.json', whole.slice(0, 900));
line.file(
  'impossible.json',
  JSON.stringify({ ...card(), nonZeroBytes: 2 * card().guest.memoryBytes }),
);
line.file('cards/card.json', whole);
const run = join(packageRoot, 'test', 'fixtures', 'runs', 'every-outcome');
const predict = (...more: string[]) =>
  line.migbench('predict', 'card.json', '--bandwidth', '1Gbit/s', '--setting', 'precopy', ...more);

describe('predict', () => {
  test('of a card that was made on something else warns of it', async () => {
    const foreign = await predict('--accelerator', 'kvm', '--qemu', 'debian:bookworm');
    expect(foreign.exitCode).toBe(0);
    expect(foreign.stderr).toContain('measured under tcg, not kvm');
    expect(foreign.stderr).toContain('(QEMU 10.0.13), not with debian:bookworm');
    const own = await predict('--accelerator', 'tcg', '--qemu', '10.0.13');
    expect(own.stderr).toMatch(/^warning: The card: The guest ran under TCG/u);
    expect(own.stderr).not.toMatch(/, not /u);
    const json = await predict('--accelerator', 'kvm', '--json');
    expect((JSON.parse(json.stdout) as { warnings: string[] }).warnings.join('\n')).toMatch(
      /^The card: [^]*not kvm/u,
    );
  });

  test('outside of the windows that were measured says that it extrapolates', async () => {
    const inside = await predict();
    expect(inside.stdout).not.toContain('Extrapolated');
    const short = await predict('--downtime-limit', '20ms');
    expect(short.stdout).toMatch(/Extrapolated: The downtime limit of 20 ms is shorter/u);
    const long = await line.migbench(
      ...['predict', 'card.json', '--bandwidth', '20Mbit/s', '--setting', 'precopy'],
    );
    expect(long.stdout).toMatch(
      /Extrapolated: A pass may take [\d.]+ s; the longest window .* 15 s/u,
    );
  });
});

test.each<[string, string[], RegExp]>([
  ['a damaged card', ['predict', 'damaged.json', '--bandwidth', '1Gbit/s'], /card is damaged/u],
  [
    'a card that cannot be',
    ['predict', 'impossible.json', '--bandwidth', '1Gbit/s'],
    /impossible\.json: not as expected: nonZeroBytes: more than the guest’s memory/u,
  ],
  [
    'a damaged calibration',
    ['predict', 'card.json', '--bandwidth', '1Gbit/s', '--calibration', 'damaged.json'],
    /damaged\.json: not JSON: the calibration is damaged/u,
  ],
  [
    'a cap of zero',
    ['predict', 'card.json', '--bandwidth', '1Gbit/s', '--max-bandwidth', '0MiB/s'],
    /--max-bandwidth: .*nothing moves at a rate of zero/u,
  ],
  ['a guide of a damaged card', ['guide', 'damaged.json'], /card is damaged/u],
  ['a maintenance window of nothing', ['guide', 'cards', '--window', '0s'], /more than zero/u],
  [
    'a validation without cards',
    ['validate', '--cards', '.', '--run', run, '--calibration', run, '--out', 'v'],
    /needs a card of the idle workload|calibrat/iu,
  ],
])('%s is refused', async (_, args, message) => {
  const { exitCode, stderr } = await line.migbench(...args);
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});

test('a guide of a card says under what it was made', async () => {
  const { exitCode, stdout } = await line.migbench('guide', 'cards', '--out', 'guide');
  expect(exitCode).toBe(0);
  expect(stdout).toContain('In a maintenance window of 1 h');
});
