/** A hundred cuts of the service network of each length. */
import { expect, test } from 'vitest';
import { cutNetwork, shareOfEchoes, whyNoCuts } from '../integration/observe/cuts.ts';
import { skipBecause } from '../integration/run/cli.ts';

const LENGTHS_MS = [300, 1_000];
const READINGS = 100;

test('a cut network: 95 of 100 echoes are right, and no client sees less than the cut', async (context) => {
  const unfit = await whyNoCuts();
  if (unfit !== undefined) skipBecause(context, unfit);
  const { cuts, reconnects } = await cutNetwork(LENGTHS_MS, READINGS);
  expect(reconnects).toBe(0);
  for (const length of LENGTHS_MS) {
    const own = cuts.filter(({ askedMs }) => askedMs === length);
    expect(shareOfEchoes(cuts, length), JSON.stringify(own)).toBeGreaterThanOrEqual(0.95);
  }
  for (const cut of cuts) {
    expect(cut.serviceMs, JSON.stringify(cut)).toBeGreaterThanOrEqual(cut.leastMs);
  }
});
