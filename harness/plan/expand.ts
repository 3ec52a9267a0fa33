/**
 * The plan's matrix: every workload × setting × link × guest × QEMU pair, less what `exclude` matches.
 *
 * An entry of `exclude` or `include` names labels (or globs) of some dimensions and matches the cells that agree
 * with all of them. A cell is in the plan if an `include` entry matches it, or no `exclude` entry does: exclude
 * broadly, then include the exceptions.
 */
import picomatch from 'picomatch';
import { cellHash } from './canonical.ts';
import { nearestName } from './nearest.ts';
import type { PlanPath, PlanProblem } from './problems.ts';
import type { PlanFile } from './schema.ts';
import type { ResolvedEntry } from './resolve-hosts.ts';
import type { ResolvedSetting } from './resolve-settings.ts';
import type { ResolvedWorkload } from './resolve-workloads.ts';
import type { Cell, CellSpec, GuestShape, LinkShape } from './types.ts';

/** Most cells of a plan, before `exclude`. */
export const MAXIMUM_CELLS = 10_000;
/** Most trials of a plan. */
export const MAXIMUM_TRIALS = 100_000;

/** All dimensions, and what all cells share. */
export interface Matrix {
  readonly workloads: readonly ResolvedWorkload[];
  readonly settings: readonly ResolvedSetting[];
  readonly links: readonly ResolvedEntry<LinkShape>[];
  readonly guests: readonly ResolvedEntry<GuestShape>[];
  readonly qemu: readonly ResolvedEntry<CellSpec['qemu']>[];
  readonly common: Pick<CellSpec, 'accelerator' | 'windows' | 'probes' | 'deadlineMs' | 'pin'>;
}

type Match = PlanFile['exclude'][number];

/** The entries that a cell is made of. */
interface Point {
  readonly workload: ResolvedWorkload;
  readonly setting: ResolvedSetting;
  readonly link: ResolvedEntry<LinkShape>;
  readonly guest: ResolvedEntry<GuestShape>;
  readonly qemu: ResolvedEntry<CellSpec['qemu']>;
}

/** A cell with the entries that it came from. */
export interface ExpandedCell {
  readonly cell: Cell;
  readonly point: Point;
}

const DIMENSIONS = ['workload', 'setting', 'link', 'guest', 'qemu'] as const;

/** How many cells the matrix has before `exclude`, or the problem that there are too many; nothing is expanded. */
export function checkSize(
  sizes: Readonly<Record<string, number>>,
  repetitions: number,
): PlanProblem | undefined {
  const cells = Object.values(sizes).reduce((product, size) => product * size, 1);
  const factors = Object.entries(sizes)
    .filter(([, size]) => size > 1)
    .map(([name, size]) => `${size} ${name}`)
    .join(' × ');
  if (cells > MAXIMUM_CELLS)
    return {
      path: [],
      reason: `${factors} = ${cells} cells; a plan has at most ${MAXIMUM_CELLS}: shorten a list`,
    };
  const trials = cells * repetitions;
  if (trials <= MAXIMUM_TRIALS) return undefined;
  return {
    path: ['repetitions'],
    reason:
      `${cells} cells × ${repetitions} repetitions = ${trials} trials; ` +
      `a plan has at most ${MAXIMUM_TRIALS}`,
  };
}

/** Everything one dimension's entry may be called. */
function namesOf(point: Point, dimension: (typeof DIMENSIONS)[number]): string[] {
  const entry = point[dimension];
  if (dimension === 'workload') return [entry.label, point.workload.value.id];
  return [entry.label, ...('names' in entry ? (entry.names ?? []) : [])];
}

/** A test for one entry of `exclude` or `include`. */
function matcher(match: Match): (point: Point) => boolean {
  const tests = DIMENSIONS.flatMap((dimension) => {
    const written = match[dimension];
    if (written === undefined) return [];
    // A link may be called as it is written in `links`, too: its label is the rate without "/s".
    const wanted = dimension === 'link' ? written.replaceAll('/s', '') : written;
    const isMatch = picomatch(wanted, { dot: true });
    return [
      (point: Point) => namesOf(point, dimension).some((name) => name === wanted || isMatch(name)),
    ];
  });
  return (point) => tests.length > 0 && tests.every((test) => test(point));
}

function cellOf(point: Point, common: Matrix['common']): Cell {
  const { workload, setting, link, guest, qemu } = point;
  const spec: CellSpec = {
    workload: workload.value,
    guest: guest.value,
    qemu: qemu.value,
    link: link.value,
    ...common,
    ...setting.value,
  };
  const labels = {
    workload: workload.label,
    setting: setting.label,
    link: link.label,
    guest: guest.label,
    qemu: qemu.label,
  };
  const path = DIMENSIONS.map((dimension) => labels[dimension]).join('/');
  return {
    id: `${path}~${cellHash(spec).slice(0, 8)}`,
    labels,
    spec,
    ...(setting.expect === undefined ? {} : { expect: setting.expect }),
  };
}

function points({ workloads, settings, links, guests, qemu }: Matrix): Point[] {
  return workloads.flatMap((workload) =>
    settings.flatMap((setting) =>
      links.flatMap((link) =>
        guests.flatMap((guest) =>
          qemu.map((pair) => ({ workload, setting, link, guest, qemu: pair })),
        ),
      ),
    ),
  );
}

/** Why an entry of `exclude` or `include` changes nothing. */
function useless(match: Match, all: readonly Point[], path: PlanPath): PlanProblem {
  for (const dimension of DIMENSIONS) {
    const written = match[dimension];
    if (written === undefined) continue;
    const test = matcher({ [dimension]: written });
    if (all.some(test)) continue;
    const names = [...new Set(all.flatMap((point) => namesOf(point, dimension)))];
    const suggestion = nearestName(written, names);
    return {
      path: [...path, dimension],
      reason: `no ${dimension} is called "${written}"; there are ${names.join(', ')}`,
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
  const reason =
    Object.keys(match).length === 0 ? 'names no dimension' : 'matches no cell that it could change';
  return { path, reason: `this entry has no effect: it ${reason}` };
}

/** Expands a matrix whose size was checked; problems and warnings are added to the lists. */
export function expand(
  matrix: Matrix,
  { exclude, include }: Pick<PlanFile, 'exclude' | 'include'>,
  problems: PlanProblem[],
  warnings: PlanProblem[],
): ExpandedCell[] {
  const all = points(matrix);
  const excludes = exclude.map(matcher);
  const includes = include.map(matcher);
  const isExcluded = (point: Point) => excludes.some((test) => test(point));
  for (const [index, match] of exclude.entries())
    if (!all.some((point) => excludes[index]?.(point) === true))
      warnings.push(useless(match, all, ['exclude', index]));
  for (const [index, match] of include.entries())
    if (!all.some((point) => includes[index]?.(point) === true && isExcluded(point)))
      warnings.push(useless(match, all, ['include', index]));
  const kept = all.filter((point) => includes.some((test) => test(point)) || !isExcluded(point));
  if (kept.length === 0 && all.length > 0)
    problems.push({ path: ['exclude'], reason: 'every cell is excluded; nothing is left to run' });
  return kept.map((point) => ({ cell: cellOf(point, matrix.common), point }));
}
