/** The part of a timeline that the zoom buttons show next. */

/** What a step of the zoom buttons leaves of the axis. */
const ZOOM = 0.5;
/** What a step to the side moves, as a part of what is shown. */
const SHIFT = 0.25;
/** Seconds before and after a switchover. */
const BEFORE = 0.3;
const AFTER = 0.7;
/** There is nothing to see in less, seconds. */
const LEAST = 0.005;

/**
 * @param {string} how `in`, `out`, `left`, `right`, `switchover` or `all`
 * @param {[number, number]} whole all that there is, seconds
 * @param {[number, number]} shown what is shown of it
 * @param {{ start: number, end: number } | undefined} switchover
 * @returns {[number, number] | undefined} within the whole; `undefined` for all of it
 */
export function nextWindow(how, whole, [from, to], switchover) {
  const middle = (from + to) / 2;
  const half = (to - from) / 2;
  // At an edge the step is shorter, and what is shown as long as it was.
  const step = (to - from) * SHIFT;
  const left = Math.max(whole[0] - from, -step);
  const right = Math.min(whole[1] - to, step);
  /** @type {[number, number] | undefined} */
  const next =
    how === 'in'
      ? [middle - half * ZOOM, middle + half * ZOOM]
      : how === 'out'
        ? [middle - half / ZOOM, middle + half / ZOOM]
        : how === 'left'
          ? [from + left, to + left]
          : how === 'right'
            ? [from + right, to + right]
            : how === 'switchover' && switchover !== undefined
              ? [switchover.start - BEFORE, switchover.end + AFTER]
              : undefined;
  if (next === undefined) return undefined;
  const start = Math.max(whole[0], next[0]);
  const end = Math.min(whole[1], next[1]);
  return end - start < LEAST ? undefined : [start, end];
}
