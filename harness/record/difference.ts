/** Where two JSON values differ first, in words, for "the plan changed". */

type Json = unknown;

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: Json): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/**
 * The differences between two JSON values, as `path: before → after`; the order of an object's keys does not count.
 *
 * @param most stop after this many.
 */
export function jsonDifferences(before: Json, after: Json, most = 3): readonly string[] {
  const found: string[] = [];
  const visit = (left: Json, right: Json, path: string): void => {
    if (found.length >= most || Object.is(left, right)) return;
    if (Array.isArray(left) && Array.isArray(right)) {
      if (left.length !== right.length) {
        found.push(`${path}: ${left.length} entries → ${right.length} entries`);
      }
      for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
        visit(left[i], right[i], `${path}[${i}]`);
      }
      return;
    }
    if (isObject(left) && isObject(right)) {
      const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted();
      for (const key of keys) visit(left[key], right[key], path === '' ? key : `${path}.${key}`);
      return;
    }
    found.push(`${path === '' ? 'value' : path}: ${shown(left)} → ${shown(right)}`);
  };
  visit(before, after, '');
  return found;
}
