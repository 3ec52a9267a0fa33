/** The heartbeat against ground truth, in short; test/long has a hundred readings of each length. */
import { expect, test } from 'vitest';
import { errorsOf, injectStalls, shareRight } from './stalls.ts';

const LENGTHS_MS = [20, 50, 200, 1_000];
const READINGS = 8;

test('a guest that is stopped for a known time: the blackout is that time', async () => {
  const stalls = await injectStalls(LENGTHS_MS, READINGS);
  for (const length of LENGTHS_MS) {
    // A host that others share can only lengthen a gap: a reading that is wrong by construction is wrong in the best
    // quarter too, and none may be short of what happened.
    expect(shareRight(stalls, length), errorsOf(stalls, length)).toBeGreaterThanOrEqual(0.25);
  }
  for (const { injectedMs, readMs } of stalls) expect(readMs).toBeGreaterThan(injectedMs - 4);
});
