/** The heartbeat against ground truth: a hundred stops of a running guest for each of four known lengths. */
import { expect, test } from 'vitest';
import {
  TOLERANCE_MS,
  errorsOf,
  inWords,
  injectStalls,
  overSilence,
  overStop,
  shareWithin,
} from '../integration/observe/stalls.ts';

test('95 of 100 readings lie within 4 ms of the silence, and none is shorter than what was injected', async () => {
  const lengthsMs = [20, 50, 200, 1_000];
  const stalls = await injectStalls(lengthsMs, 100);
  const errors = lengthsMs.map((length) => ({
    length,
    read: errorsOf(stalls, length, overSilence),
    over: errorsOf(stalls, length, overStop),
  }));
  for (const { length, read, over } of errors) {
    console.log(
      `${length} ms: over the silence ${inWords(read)}; over what was injected ${inWords(over)}`,
    );
  }
  for (const { read, over } of errors) {
    expect(shareWithin(read), inWords(read)).toBeGreaterThanOrEqual(0.95);
    expect(over[0], inWords(over)).toBeGreaterThan(-TOLERANCE_MS);
  }
});
