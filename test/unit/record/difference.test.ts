/** Differences of two plans, in words. */
import { expect, test } from 'vitest';
import { jsonDifferences } from '../../../harness/record/difference.ts';

test.each([
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, []],
  [{ a: { b: 1 } }, { a: { b: 2 } }, ['a.b: 1 → 2']],
  [{ a: 1 }, {}, ['a: 1 → nothing']],
  [{ a: [1, 2] }, { a: [1] }, ['a: 2 entries → 1 entries']],
  [{ a: [1] }, { a: { 0: 1 } }, ['a: [1] → {"0":1}']],
  [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    ['[0]: 1 → 5', '[1]: 2 → 6', '[2]: 3 → 7'],
  ],
  [null, {}, ['value: null → {}']],
])('%j and %j', (before, after, expected) => {
  expect(jsonDifferences(before, after)).toEqual(expected);
});
