/**
 * When the guest's memory is read, and which readings are compared: a grid of readings all along, and for windows that
 * are no multiple of its step a second reading after one of the grid, each window in its turn.
 */

/** Windows of a card unless told otherwise, ms. */
export const DEFAULT_WINDOWS_MS = [
  50, 100, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000,
] as const;

export interface Schedule {
  /** Readings, ms from the first, ascending. */
  readonly offsetsMs: readonly number[];
  /** Windows, each with the pairs of readings (by index) that lie so far apart. */
  readonly windows: readonly {
    readonly windowMs: number;
    readonly pairs: readonly (readonly [from: number, to: number])[];
    /** Windows that do not overlap. */
    readonly independent: number;
  }[];
  /** The step of the grid, ms. */
  readonly gridMs: number;
  readonly durationMs: number;
}

export interface ScheduleRequest {
  readonly windowsMs: readonly number[];
  /** What one reading takes, ms. */
  readonly scanMs: number;
  /** At least so long, ms; longer where the longest window asks for it. */
  readonly durationMs: number;
}

/** The grid's step is no shorter, ms. */
const SHORTEST_GRID_MS = 1_000;
/** Of all the time, at most this part is spent reading on the grid. */
const GRID_SHARE = 0.12;
/** A window that differs from a multiple of the step by no more than this part is taken from the grid. */
const TOLERANCE = 0.02;
/** Readings on the grid, at most: each of them is kept. */
const MOST_ON_GRID = 300;
/** The longest window should fit in this often, overlapping. */
const LONGEST_FITS = 1.5;

/** @param request windows of at least 1 ms; their order does not matter. */
export function scheduleOf(request: ScheduleRequest): Schedule {
  const windows = [...new Set(request.windowsMs)].sort((one, other) => one - other);
  const wantedMs = Math.max(request.durationMs, (windows.at(-1) ?? 0) * LONGEST_FITS);
  const gridMs =
    SHORTEST_GRID_MS *
    Math.ceil(Math.max(request.scanMs / GRID_SHARE, wantedMs / MOST_ON_GRID, 1) / SHORTEST_GRID_MS);
  const durationMs = Math.ceil(wantedMs / gridMs) * gridMs;
  const onGrid = (windowMs: number): boolean => {
    const steps = Math.round(windowMs / gridMs);
    return steps >= 1 && Math.abs(steps * gridMs - windowMs) <= TOLERANCE * windowMs;
  };
  const points = durationMs / gridMs;
  const grid = Array.from({ length: points + 1 }, (_, step) => step * gridMs);
  const offGrid = windows.filter((windowMs) => !onGrid(windowMs));
  // By turns, so that no more than a few readings are under way at any time.
  const turns = new Map(
    offGrid.map((windowMs, turn) => {
      const fitting = grid.filter((at) => at + windowMs <= durationMs);
      const own = fitting.filter((_, step) => step % offGrid.length === turn);
      return [windowMs, own.length > 0 ? own : fitting.slice(0, 1)] as const;
    }),
  );
  const offsetsMs = [
    ...new Set([
      ...grid,
      ...[...turns].flatMap(([windowMs, starts]) => starts.map((at) => at + windowMs)),
    ]),
  ].sort((one, other) => one - other);
  const indexOf = new Map(offsetsMs.map((offset, index) => [offset, index]));
  const pair = (from: number, to: number): [number, number][] => {
    const one = indexOf.get(from);
    const other = indexOf.get(to);
    return one === undefined || other === undefined ? [] : [[one, other]];
  };
  return {
    offsetsMs,
    windows: windows.map((windowMs) => {
      const span = onGrid(windowMs) ? Math.round(windowMs / gridMs) * gridMs : windowMs;
      const pairs = (turns.get(windowMs) ?? grid).flatMap((at) => pair(at, at + span));
      return {
        windowMs,
        pairs,
        independent: Math.min(pairs.length, Math.floor(durationMs / span)),
      };
    }),
    gridMs,
    durationMs,
  };
}
