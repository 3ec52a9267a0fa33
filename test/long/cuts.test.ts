/** A hundred cuts of the service network of each length, with a service beside the network and with a guest in it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cutNetwork, shareOfEchoes, whyNoCuts } from '../integration/observe/cuts.ts';
import { cutGuest, shareOfHeartbeats } from '../integration/observe/guest-cuts.ts';
import { skipBecause, temporaryFolder, whyNoGuests } from '../integration/run/cli.ts';

const LENGTHS_MS = [300, 1_000];
const READINGS = 100;

test('a cut network: 95 of 100 echoes are right, and no client sees less than the cut', async (context) => {
  const unfit = await whyNoCuts();
  if (unfit !== undefined) skipBecause(context, unfit);
  const { cuts, reconnects } = await cutNetwork(LENGTHS_MS, READINGS);
  console.log(JSON.stringify(cuts));
  expect(reconnects).toBe(0);
  for (const length of LENGTHS_MS) {
    const own = cuts.filter(({ askedMs }) => askedMs === length);
    expect(shareOfEchoes(cuts, length), JSON.stringify(own)).toBeGreaterThanOrEqual(0.95);
  }
  for (const cut of cuts) {
    expect(cut.serviceMs, JSON.stringify(cut)).toBeGreaterThanOrEqual(cut.leastMs);
  }
});

/** 69 MB take as long as 25 cuts of each length, with what is between them. */
const GUEST_READINGS = 25;
const GUEST_BANDWIDTH = '8Mbit/s';

test('a cut network of a migrating guest: 95 of 100 gaps of the heartbeat are right', async (context) => {
  const unfit = (await whyNoCuts()) ?? (await whyNoGuests());
  if (unfit !== undefined) skipBecause(context, unfit);
  const folder = await temporaryFolder();
  const cuts = [];
  for (let round = 0; round < READINGS / GUEST_READINGS; round++) {
    const out = join(folder, `run-${round}`);
    cuts.push(...(await cutGuest(LENGTHS_MS, GUEST_READINGS, GUEST_BANDWIDTH, out)));
  }
  console.log(JSON.stringify(cuts));
  for (const length of LENGTHS_MS) {
    const own = cuts.filter(({ askedMs }) => askedMs === length);
    expect(shareOfHeartbeats(cuts, length), JSON.stringify(own)).toBeGreaterThanOrEqual(0.95);
  }
});
