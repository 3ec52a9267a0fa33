/** Which window has its turn at which reading of the grid, so that no more readings are under way than can be kept up with. */

export interface TurnRules {
  /** Windows that begin with one reading of the grid, at most. */
  readonly perStep: number;
  /** How long a reading is under way, ms. */
  readonly readingMs: number;
  /** Readings under way at any time, at most. */
  readonly most: number;
}

/**
 * Of each window, the readings of the grid that it begins with; at least one. At each the windows with the fewest turns
 * come first, the longest of them before others, since they fit into the beginning alone.
 *
 * @param windows ms, ascending; each is to fit in.
 * @param grid ms, ascending.
 */
export function turnsOf(
  windows: readonly number[],
  grid: readonly number[],
  { perStep, readingMs, most }: TurnRules,
): ReadonlyMap<number, readonly number[]> {
  const turns = new Map(windows.map((windowMs) => [windowMs, [] as number[]]));
  const readings = new Readings(grid, readingMs);
  const endMs = grid.at(-1) ?? 0;
  const countOf = (windowMs: number): number => turns.get(windowMs)?.length ?? 0;
  const take = (windowMs: number, at: number): void => {
    turns.get(windowMs)?.push(at);
    readings.add(at + windowMs);
  };
  for (const at of grid) {
    let free = perStep;
    const waiting = windows
      .filter((windowMs) => at + windowMs <= endMs)
      .sort((one, other) => countOf(one) - countOf(other) || other - one);
    for (const windowMs of waiting) {
      if (free === 0) break;
      if (readings.with(at + windowMs) > most) continue;
      take(windowMs, at);
      free -= 1;
    }
  }
  for (const windowMs of windows) {
    if (countOf(windowMs) > 0) continue;
    const fitting = grid.filter((at) => at + windowMs <= endMs);
    const crowd = fitting.map((at) => readings.with(at + windowMs));
    take(windowMs, fitting[crowd.indexOf(Math.min(...crowd))] ?? 0);
  }
  return turns;
}

/** When readings begin; each is under way for the same time. */
class Readings {
  readonly #begins: Set<number>;
  readonly #lengthMs: number;

  constructor(begins: readonly number[], lengthMs: number) {
    this.#begins = new Set(begins);
    this.#lengthMs = lengthMs;
  }

  add(at: number): void {
    this.#begins.add(at);
  }

  /** The most that are under way at any time of a reading that begins then, itself among them. */
  with(at: number): number {
    const near = [...this.#begins].filter((begin) => Math.abs(begin - at) < this.#lengthMs);
    const all = [...new Set([...near, at])];
    const begun = all.filter((begin) => begin >= at);
    return Math.max(
      ...begun.map(
        (moment) =>
          all.filter((begin) => begin <= moment && moment - begin < this.#lengthMs).length,
      ),
    );
  }
}
