/** The zoom buttons of the timeline: what is shown next. */
import { describe, expect, test } from 'vitest';
import { nextWindow } from '../../../reports/html/client/zoom.js';

const whole: [number, number] = [-2, 10];

describe('nextWindow', () => {
  test('halves, doubles, and shows all again', () => {
    expect(nextWindow('in', whole, whole, undefined)).toEqual([1, 7]);
    expect(nextWindow('out', whole, [1, 7], undefined)).toEqual(whole);
    expect(nextWindow('out', whole, [8, 10], undefined)).toEqual([7, 10]);
    expect(nextWindow('all', whole, [1, 7], undefined)).toBeUndefined();
  });

  test('moves by a quarter, and at an edge stands still: what is shown stays as long as it was', () => {
    expect(nextWindow('left', whole, [1, 5], undefined)).toEqual([0, 4]);
    expect(nextWindow('right', whole, [1, 5], undefined)).toEqual([2, 6]);
    expect(nextWindow('left', whole, [-1.5, 2.5], undefined)).toEqual([-2, 2]);
    expect(nextWindow('left', whole, [-2, 2], undefined)).toEqual([-2, 2]);
    expect(nextWindow('right', whole, [5.5, 9.5], undefined)).toEqual([6, 10]);
    expect(nextWindow('right', whole, [6, 10], undefined)).toEqual([6, 10]);
    for (const how of ['left', 'right'])
      expect(nextWindow(how, whole, whole, undefined)).toEqual(whole);
  });

  test('the switchover with what is around it, as far as there is anything', () => {
    expect(nextWindow('switchover', whole, [0, 1], { start: 4, end: 5 })).toEqual([3.7, 5.7]);
    expect(nextWindow('switchover', whole, [0, 1], { start: 9.5, end: 9.9 })).toEqual([9.2, 10]);
    expect(nextWindow('switchover', whole, [0, 1], undefined)).toBeUndefined();
  });

  test('less than can be seen is not shown', () => {
    expect(nextWindow('in', whole, [4, 4.006], undefined)).toBeUndefined();
  });
});
