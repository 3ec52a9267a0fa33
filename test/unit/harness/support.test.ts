/** What a valid plan may ask for and no run can do. */
import { expect, test } from 'vitest';
import { requireCrossing } from '../../../harness/support.ts';
import { plannedTrial } from '../migration/fixtures.ts';

const unlimited = { bandwidthBitsPerSecond: 'unlimited' } as const;

test('a Unix socket does not cross the link, so its shape must be none', () => {
  const trial = plannedTrial({ transport: 'unix' });
  expect(() => requireCrossing([plannedTrial(), trial], 'namespaces')).toThrow(
    expect.objectContaining({
      code: 'plan-invalid',
      message: expect.stringMatching(
        /^transport: unix does not cross the migration link, so that 1Gbit would .*transport: tcp/u,
      ) as unknown,
    }),
  );
  for (const link of [
    { ...unlimited, delayUs: 1000 },
    { ...unlimited, lossPercent: 1 },
  ]) {
    const shaped = plannedTrial({ transport: 'unix', link });
    expect(() => requireCrossing([shaped], 'namespaces')).toThrow(/does not cross/u);
  }
  const open = plannedTrial({ transport: 'unix', link: unlimited });
  expect(() => requireCrossing([open, plannedTrial()], 'namespaces')).not.toThrow();
});

test('in loopback mode, a bandwidth is a max-bandwidth, which holds for any transport', () => {
  expect(() => requireCrossing([plannedTrial({ transport: 'unix' })], 'loopback')).not.toThrow();
});
