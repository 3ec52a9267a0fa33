/** "Did you mean": the valid name nearest to one that was written. */
import { distance } from 'fastest-levenshtein';

const normal = (name: string): string => name.toLowerCase().replaceAll(/[_\s]/g, '-');

/** Whether two neighbours have changed places: the commonest slip, and one edit as people count. */
function isSwap(name: string, other: string): boolean {
  const at = Array.from(name).findIndex((letter, index) => letter !== other[index]);
  return (
    at !== -1 &&
    name.slice(0, at) + (name[at + 1] ?? '') + (name[at] ?? '') + name.slice(at + 2) === other
  );
}

function editsBetween(name: string, other: string): number {
  return isSwap(name, other) ? 1 : distance(name, other);
}

/** The nearest of the valid names; `undefined` where none is near enough to be what was meant. */
export function nearestName(name: string, valid: Iterable<string>): string | undefined {
  const limit = name.length < 4 ? 1 : Math.max(2, Math.floor(name.length / 3));
  let nearest: string | undefined;
  let fewest = limit + 1;
  for (const candidate of valid) {
    const edits = editsBetween(normal(name), normal(candidate));
    if (edits >= fewest) continue;
    nearest = candidate;
    fewest = edits;
  }
  return nearest;
}
