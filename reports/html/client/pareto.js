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
