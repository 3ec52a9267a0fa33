/** The front of a trade-off, and which of its names there is room for. */
import { describe, expect, test } from 'vitest';
import { namedPlaces, paretoFront } from '../../../reports/html/client/pareto.js';

const place = (total: number, still: number, group = 'g') => ({ group, total, still });

describe('paretoFront', () => {
  test('what is beaten or equalled in both is not on it; each group has its own', () => {
    const [quick, middle, gentle] = [place(1, 90), place(2, 50), place(4, 10)];
    const beaten = [place(3, 60), place(4, 10), place(2, 50.1)];
    const other = place(9, 99, 'h');
    expect(paretoFront([...beaten, gentle, middle, quick, other])).toEqual([
      quick,
      middle,
      gentle,
      other,
    ]);
  });
});

describe('namedPlaces', () => {
  test('names that would run into each other are left out, those of other panels are not', () => {
    const front = [place(1, 100), place(1.1, 99), place(1.2, 50), place(4, 49), place(1, 100, 'h')];
    expect(namedPlaces(front, front)).toEqual([front[0], front[2], front[3], front[4]]);
  });
});
