/** A service network that is cut for a known time, in short; test/long has a hundred readings of each length. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { skipBecause, temporaryFolder, whyNoGuests } from '../run/cli.ts';
import { cutNetwork, isRight, shareOfEchoes, whyNoCuts } from './cuts.ts';
import { cutGuest, shareOfHeartbeats } from './guest-cuts.ts';

const LENGTHS_MS = [300, 1_000];
/**
 * Few, on a host that others share. A stall of it can only lengthen what is seen: one reading of each length must be
 * right, and none may be short of what happened.
 */
const READINGS = 4;

test('a cut network: the client sees at least the cut, and TCP’s recovery after it', async (context) => {
  const unfit = await whyNoCuts();
  if (unfit !== undefined) skipBecause(context, unfit);
  const { cuts, reconnects } = await cutNetwork(LENGTHS_MS, READINGS);
  const seen = JSON.stringify(cuts);
  expect(cuts, seen).toHaveLength(LENGTHS_MS.length * READINGS);
  expect(reconnects).toBe(0);
  for (const length of LENGTHS_MS) expect(shareOfEchoes(cuts, length), seen).toBeGreaterThan(0);
  for (const { leastMs, echoMs, serviceMs } of cuts) {
    expect(echoMs, seen).toBeGreaterThan(leastMs - 10);
    expect(serviceMs, seen).toBeGreaterThanOrEqual(leastMs);
  }
  // Where the host itself was held up, the service was too, and not by TCP.
  for (const { mostMs, serviceMs } of cuts.filter(isRight)) {
    // The retransmission timer doubles: the next attempt comes at most about a cut's length after its end.
    expect(serviceMs, seen).toBeLessThan(2 * mostMs + 500);
  }
});

test('a guest whose network is cut while it migrates: its heartbeat is not heard for as long', async (context) => {
  const unfit = (await whyNoCuts()) ?? (await whyNoGuests());
  if (unfit !== undefined) skipBecause(context, unfit);
  const cuts = await cutGuest(
    LENGTHS_MS,
    READINGS,
    '20Mbit/s',
    join(await temporaryFolder(), 'run'),
  );
  const seen = JSON.stringify(cuts);
  for (const length of LENGTHS_MS) {
    expect(shareOfHeartbeats(cuts, length), seen).toBeGreaterThan(0);
  }
  for (const { leastMs, heartbeatMs } of cuts) {
    expect(heartbeatMs, seen).toBeGreaterThan(leastMs - 10);
  }
});
