/** The settings that no other one beats: the rule of the trade-off chart, for the report and for what filters leave. */

/**
 * Of each group the places that no other one beats or equals in one figure and beats in the other, from left to right.
 * @template {{ group: string, total: number, still: number }} T
 * @param {readonly T[]} places
 * @returns {T[]}
 */
export function paretoFront(places) {
  /** @type {Map<string, number>} */
  const least = new Map();
  /** @type {T[]} */
  const front = [];
  for (const place of [...places].sort((a, b) => a.total - b.total || a.still - b.still)) {
    if (place.still >= (least.get(place.group) ?? Infinity)) continue;
    least.set(place.group, place.still);
    front.push(place);
  }
  return front;
}

/** Closer than this, as parts of a panel's extent, two names would run into each other. */
const NAME_WIDTH = 0.35;
const NAME_HEIGHT = 0.1;

/**
 * Of a front, the places whose names can stand beside them: one that is too near to a named one has none.
 * @template {{ group: string, total: number, still: number }} T
 * @param {readonly T[]} places all that are drawn
 * @param {readonly T[]} front
 * @returns {T[]}
 */
export function namedPlaces(places, front) {
  /** @type {Map<string, { total: number, still: number }>} */
  const extents = new Map();
  for (const { group, total, still } of places) {
    const extent = extents.get(group) ?? { total: 0, still: 0 };
    extents.set(group, {
      total: Math.max(extent.total, total),
      still: Math.max(extent.still, still),
    });
  }
  /** @type {T[]} */
  const named = [];
  for (const place of front) {
    const { total, still } = extents.get(place.group) ?? place;
    const crowded = named.some(
      (other) =>
        other.group === place.group &&
        Math.abs(other.total - place.total) < NAME_WIDTH * total &&
        Math.abs(other.still - place.still) < NAME_HEIGHT * still,
    );
    if (!crowded) named.push(place);
  }
  return named;
}
