/** The command that runs a run again. */
import { expect, test } from 'vitest';
import { reproduceCommand } from '../../../reports/facts.ts';
import { environment } from '../compare/fixture.ts';

const command = (changes: Partial<typeof environment>) =>
  reproduceCommand({ environment: { ...environment, ...changes } });

test('of a run: its changes and its cells', () => {
  expect(command({})).toBe('migbench run plan.yaml');
  expect(command({ overrides: ['repetitions=3'], only: 'idle/*', untilPrecision: 0.025 })).toBe(
    "migbench run plan.yaml --set repetitions=3 --only 'idle/*' --until-precision 2.5%",
  );
  // As often as A and as B: the repetitions on record are those of both.
  expect(command({ aa: true, overrides: ['guest.vcpus=2', 'repetitions=6'] })).toBe(
    'migbench run plan.yaml --set guest.vcpus=2 --aa',
  );
});

test('of regress: its builds', () => {
  const builds = ['debian:bookworm', 'path:/opt/my qemu'];
  expect(
    command({
      ...{ base: 'debian-bookworm', bootedBy: 'debian:bookworm' },
      overrides: [`qemu=${JSON.stringify(builds)}`, 'repetitions=3'],
    }),
  ).toBe(
    "migbench regress --base debian:bookworm --candidate 'path:/opt/my qemu' --plan plan.yaml --set repetitions=3",
  );
  const cross = [...builds, { source: builds[0], destination: builds[1] }];
  expect(command({ base: 'x', overrides: [`qemu=${JSON.stringify(cross)}`] })).toBe(
    "migbench regress --base debian:bookworm --candidate 'path:/opt/my qemu' --pairs cross --guests own --plan plan.yaml",
  );
});
