/** How much is copied over a link, and what becomes of the times. The copying itself: test/integration/sandbox. */
import { expect, test } from 'vitest';
import { calibrate } from '../../../harness/calibration.ts';
import { copyBytes } from '../../../harness/sandbox/link-copy.ts';

test.each([
  ['unlimited', 8],
  [100e9, 8],
  [1e9, 8],
  [200e6, 2],
  [1e6, 1 / 16],
] as const)('over %s bit/s a copy has %s MiB', (rate, mebibytes) => {
  expect(copyBytes({ bandwidthBitsPerSecond: rate })).toBe(mebibytes * 2 ** 20);
});

test('the copies are one task of a calibration', async () => {
  const bytes = 8 * 2 ** 20;
  const { tasks } = await calibrate({ bytes, timesMs: [70, 68, 90, 69, 71, 67, 300] });
  expect(tasks.map(({ name }) => name)).toEqual([
    ...['memory-copy-8MiB', 'timer-1ms', 'json-parse', 'link-copy-8MiB'],
  ]);
  expect(tasks[3]).toEqual({ name: 'link-copy-8MiB', medianMs: 70, madMs: 2, iterations: 7 });
});
