/** The order of texts in tables. */

/** By code units: the same on every host, whatever its locale. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
