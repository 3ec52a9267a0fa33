/** Things in groups of the same key, in the order of their first appearance (Map.groupBy is not in Node 20). */
export function groupsOf<T>(
  items: Iterable<T>,
  key: (item: T) => string,
): ReadonlyMap<string, readonly [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
