/**
 * When the guest's memory is read, and which readings are compared: a grid of readings all along, and for windows that
 * are no multiple of its step a second reading after one of the grid, each window in its turn.
 */
import { turnsOf } from './turns.ts';

/** Windows of a card unless told otherwise, ms. */
export const DEFAULT_WINDOWS_MS = [
  50, 100, 250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000,
] as const;

/** A reading is spread over this many times the time that it takes, so that others can be under way. */
export const SPREAD = 4;

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
  /** When the last reading begins, ms. */
  readonly durationMs: number;
  /** When it is through, ms. */
  readonly endMs: number;
}

export interface ScheduleRequest {
  readonly windowsMs: readonly number[];
  /** What one reading takes, ms. */
  readonly scanMs: number;
  /** At least so long, ms; longer where windows ask for it: see `MOST_FOR_TURNS_MS`. */
  readonly durationMs: number;
}

/** The grid's step is no shorter, ms. */
const SHORTEST_GRID_MS = 1_000;
/** Of all the time, at most this part is spent reading on the grid. */
const GRID_SHARE = 0.12;
/** A step may be so many times what it has to be, for windows to be multiples of it. */
const ROUND_STEP = 1.5;
/** A window that differs from a multiple of the step by no more than this part is taken from the grid. */
const TOLERANCE = 0.02;
/** Readings on the grid, at most: each of them is kept. */
const MOST_ON_GRID = 300;
/** The longest window should fit in this often, overlapping. */
const LONGEST_FITS = 1.5;
/** Every window should have so many turns. */
const LEAST_TURNS = 3;
/** Reading goes on for turns no longer than this, ms: the windows of guests beyond some 32 GiB have fewer. */
const MOST_FOR_TURNS_MS = 15 * 60_000;

/** @param request windows of at least 1 ms; their order does not matter. */
export function scheduleOf(request: ScheduleRequest): Schedule {
  const windows = [...new Set(request.windowsMs)].sort((one, other) => one - other);
  const wantedMs = Math.max(request.durationMs, (windows.at(-1) ?? 0) * LONGEST_FITS);
  const gridMs = stepOf(windows, Math.max(request.scanMs / GRID_SHARE, wantedMs / MOST_ON_GRID));
  const onGrid = (windowMs: number): boolean => {
    const steps = Math.round(windowMs / gridMs);
    return steps >= 1 && Math.abs(steps * gridMs - windowMs) <= TOLERANCE * windowMs;
  };
  const offGrid = windows.filter((windowMs) => !onGrid(windowMs));
  // Where one window a step takes too long for all to have their turns, two share the reading that they begin with.
  const perStep = offGrid.length * LEAST_TURNS * gridMs <= wantedMs ? 1 : 2;
  const forTurnsMs =
    Math.ceil(offGrid.length / perStep) * LEAST_TURNS * gridMs + (offGrid.at(-1) ?? 0);
  const points = Math.ceil(Math.max(wantedMs, Math.min(forTurnsMs, MOST_FOR_TURNS_MS)) / gridMs);
  const grid = Array.from(
    { length: Math.min(points, MOST_ON_GRID) + 1 },
    (_, step) => step * gridMs,
  );
  const durationMs = grid.at(-1) ?? 0;
  const readingMs = SPREAD * request.scanMs;
  const turns = turnsOf(offGrid, grid, { perStep, readingMs, most: SPREAD - 1 });
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
    endMs: durationMs + readingMs,
  };
}

/** The step of the grid, whole seconds: where there is one near by, such that the longest window is a multiple of it. */
function stepOf(windows: readonly number[], leastMs: number): number {
  const step = SHORTEST_GRID_MS * Math.ceil(Math.max(leastMs, 1) / SHORTEST_GRID_MS);
  const longest = windows.at(-1) ?? 0;
  for (let round = step; round <= Math.max(step, leastMs * ROUND_STEP); round += SHORTEST_GRID_MS) {
    if (longest % round === 0) return round;
  }
  return step;
}
