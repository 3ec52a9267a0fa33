/** The valid remainder of an invalid plan, so that one message can hold every problem and not only the first kind. */
import { valueAt } from './issues.ts';
import type { PlanPath } from './problems.ts';

/** Sections whose entries stand alone: one bad entry leaves the others to be checked. */
const SECTIONS_OF_ENTRIES = new Set(['workloads', 'links', 'settings', 'guest', 'qemu']);

/** Plan data without its invalid parts, and where each remaining list entry stood. */
export interface Salvage {
  readonly data: Readonly<Record<string, unknown>>;
  /** Section → index in `data` → index in the plan as written. */
  readonly indices: Readonly<Record<string, readonly number[]>>;
}

/** Removes what the given paths point into: the entry, or the whole section where it has no entries. */
export function salvage(data: unknown, broken: readonly PlanPath[]): Salvage | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const kept: Record<string, unknown> = {};
  const indices: Record<string, number[]> = {};
  for (const [section, value] of Object.entries(data)) {
    const bad = broken.filter(([first]) => first === section);
    const hasEntries = SECTIONS_OF_ENTRIES.has(section) && typeof value === 'object';
    const whole = bad.some((path) => path.length === 1 || !hasEntries);
    if (whole) continue;
    const entries = new Set(bad.map((path) => String(path[1])));
    if (entries.size === 0) {
      kept[section] = value;
    } else if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      const remaining = [...items.keys()].filter((index) => !entries.has(String(index)));
      if (remaining.length === 0) continue;
      kept[section] = remaining.map((index) => items[index]);
      indices[section] = remaining;
    } else if (section === 'settings') {
      const remaining = Object.keys(value).filter((label) => !entries.has(label));
      if (remaining.length === 0) continue;
      kept[section] = Object.fromEntries(
        remaining.map((label) => [label, valueAt(value, [label])]),
      );
    }
  }
  return { data: kept, indices };
}
