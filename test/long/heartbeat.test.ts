/** The heartbeat against ground truth: a hundred stops of a running guest for each of four known lengths. */
import { expect, test } from 'vitest';
import { errorsOf, injectStalls, shareRight } from '../integration/observe/stalls.ts';

test('95 of 100 readings lie within 4 ms and 2 % of what was injected', async () => {
  const lengthsMs = [20, 50, 200, 1_000];
  const stalls = await injectStalls(lengthsMs, 100);
  for (const length of lengthsMs) {
    console.log(`${length} ms: errors ${errorsOf(stalls, length)}`);
  }
  for (const length of lengthsMs) {
    expect(shareRight(stalls, length), errorsOf(stalls, length)).toBeGreaterThanOrEqual(0.95);
  }
});
