/** The heartbeat against ground truth, in short; test/long has a hundred readings of each length. */
import { expect, test } from 'vitest';
import {
  TOLERANCE_MS,
  errorsOf,
  inWords,
  injectStalls,
  overSilence,
  overStop,
  shareWithin,
} from './stalls.ts';

const LENGTHS_MS = [20, 50, 200, 1_000];
const READINGS = 8;
/** How much longer than a stop a guest is silent whose memory went cold, at the best of those readings, at most. */
const COLD = { ms: 10, fraction: 0.1 };

test('a guest that is stopped for a known time: the blackout is that time', async () => {
  const stalls = await injectStalls(LENGTHS_MS, READINGS);
  for (const length of LENGTHS_MS) {
    // A stall of the host between the witness and the receiver may spoil a reading, but not most of them.
    const read = errorsOf(stalls, length, overSilence);
    expect(shareWithin(read), `of ${length} ms: ${inWords(read)}`).toBeGreaterThanOrEqual(0.5);
    // No reading may be short of what happened; the best one is not far above it.
    const over = errorsOf(stalls, length, overStop);
    expect(over[0], inWords(over)).toBeGreaterThan(-TOLERANCE_MS);
    expect(over[0], inWords(over)).toBeLessThan(COLD.ms + COLD.fraction * length);
  }
});
