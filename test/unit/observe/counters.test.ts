/** What the counters' probe warns of. */
import { expect, test } from 'vitest';
import { stallWarnings } from '../../../harness/observe/counters.ts';

test('a host that stood still is said, a timer that is a little late is not', () => {
  expect(stallWarnings(12.4)).toEqual([]);
  expect(stallWarnings(98.265)).toEqual([
    {
      code: 'host-stalled',
      message: expect.stringMatching(
        /^The host stood still, or was too busy, for 98 ms of/,
      ) as unknown,
    },
  ]);
});
