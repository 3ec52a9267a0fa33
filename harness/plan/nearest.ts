/** "Did you mean": the valid name nearest to one that was written. */
import { distance } from 'fastest-levenshtein';

const normal = (name: string): string => name.toLowerCase().replaceAll(/[_\s]/g, '-');

/** The nearest of the valid names; `undefined` where none is near enough to be what was meant. */
export function nearestName(name: string, valid: Iterable<string>): string | undefined {
  // Two edits from four letters on: a swap of neighbours counts as two.
  const limit = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));
  let nearest: string | undefined;
  let fewest = limit + 1;
  for (const candidate of valid) {
    const edits = distance(normal(name), normal(candidate));
    if (edits >= fewest) continue;
    nearest = candidate;
    fewest = edits;
  }
  return nearest;
}
