/** What reading costs a guest: the loss of turns with and without, and how sure that is. */
import { describe, expect, test } from 'vitest';
import { readingLoss } from '../../../harness/characterize/measure/reading-cost.ts';

describe('readingLoss', () => {
  test('is the share that is missing while memory is read', () => {
    const loss = readingLoss([
      { alone: 100, read: 90 },
      { alone: 50, read: 45 },
      { alone: 200, read: 180 },
    ])!;
    // A tenth each time, whatever the throughput is: nothing is left to chance.
    expect(loss.pairs).toBe(3);
    for (const figure of [loss.low, loss.expected, loss.high]) expect(figure).toBeCloseTo(10, 9);
  });

  test('has bounds by Student’s t where turns differ', () => {
    const loss = readingLoss([
      { alone: 100, read: 100 },
      { alone: 100, read: 80 },
    ])!;
    expect(loss.expected).toBeCloseTo(10, 9);
    // The residuals are ±10, so the error of the mean is 10, times t = 12.706 of one degree of freedom.
    expect(loss.high - loss.expected).toBeCloseTo(127.06, 6);
    expect(loss.expected - loss.low).toBeCloseTo(127.06, 6);
  });

  test('is not known from less than two turns of each kind, or of a guest that does nothing', () => {
    expect(readingLoss([{ alone: 1, read: 1 }])).toBeUndefined();
    expect(readingLoss([])).toBeUndefined();
  });
});
