/** The heartbeat against ground truth, in short; test/long has a hundred readings of each length. */
import { expect, test } from 'vitest';
import { COLD, TOLERANCE_MS, errorsOf, inWords, injectStalls, shareWithin } from './stalls.ts';

const LENGTHS_MS = [20, 50, 200, 1_000];
const READINGS = 8;

test('a guest that is stopped for a known time: the blackout is that time', async () => {
  const stalls = await injectStalls(LENGTHS_MS, READINGS);
  for (const length of LENGTHS_MS) {
    // A stall of the host between the witness and the receiver may spoil a reading, but not most of them.
    const read = errorsOf(stalls, length, ({ readMs, silentMs }) => readMs - silentMs);
    expect(shareWithin(read), `of ${length} ms: ${inWords(read)}`).toBeGreaterThanOrEqual(0.5);
    // No reading may be short of what happened; the best one is not far above it.
    const over = errorsOf(stalls, length, ({ readMs, injectedMs }) => readMs - injectedMs);
    expect(over[0], inWords(over)).toBeGreaterThan(-TOLERANCE_MS);
    expect(over[0], inWords(over)).toBeLessThan(COLD.ms + COLD.fraction * length);
  }
});
