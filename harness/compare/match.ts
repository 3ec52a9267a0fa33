/** Which cell is compared with which: equal in everything that can change a measurement but the dimension compared. */
import { MigbenchError } from '../errors.ts';
import { canonicalJson, cellKeyWithout, type CellDimension } from '../plan/canonical.ts';
import type { Cell } from '../plan/types.ts';
import type { CellData, RunSide } from './side.ts';
import { comparedDimensions, type ComparedDimension } from './types.ts';

export interface CellPair {
  readonly label: string;
  readonly base: CellData;
  readonly candidate: CellData;
  /** The candidate's value of the dimension; `candidate` where cells with the same id are paired. */
  readonly candidateName: string;
}

export interface Pairing {
  readonly pairs: readonly CellPair[];
  readonly unmatched: { readonly base: readonly string[]; readonly candidate: readonly string[] };
}

const LABEL_DIMENSIONS = ['workload', 'setting', 'link', 'guest', 'qemu'] as const;

/** A cell's value in a dimension, for reading and for choosing. */
export function valueOf(cell: CellData, dimension: ComparedDimension): string {
  switch (dimension) {
    case 'source':
    case 'destination':
    case 'transport':
      return cell[dimension];
    case 'accelerator':
      return cell.accelerators.join(', ');
    default:
      return cell.labels[dimension];
  }
}

function isSpec(spec: unknown): spec is Cell['spec'] {
  return typeof spec === 'object' && spec !== null && 'workload' in spec && 'qemu' in spec;
}

/** The same for cells that differ in one dimension alone. */
function keyWithout(cell: CellData, dimension: ComparedDimension): string {
  const left: CellDimension =
    dimension === 'source' || dimension === 'destination' ? 'qemu' : dimension;
  const other =
    dimension === 'source' ? cell.destination : dimension === 'destination' ? cell.source : '';
  if (isSpec(cell.spec)) return `${cellKeyWithout({ spec: cell.spec }, left)} ${other}`;
  // A plan that does not say what its cells are: by their labels.
  const labels = LABEL_DIMENSIONS.filter((name) => name !== left).map((name) => cell.labels[name]);
  return canonicalJson([...labels, other]);
}

/** `idle · precopy: debian:bookworm → debian:trixie`; of link, guest and QEMU only what tells these pairs apart. */
function labelled(
  pairs: readonly CellPair[],
  by: ComparedDimension | undefined,
): readonly CellPair[] {
  const varies = (name: (typeof LABEL_DIMENSIONS)[number]) =>
    new Set(pairs.map(({ base }) => base.labels[name])).size > 1;
  return distinct(
    pairs.map((pair) => {
      const { base, candidate } = pair;
      const common = LABEL_DIMENSIONS.filter(
        (name) =>
          base.labels[name] === candidate.labels[name] &&
          (name === 'workload' || name === 'setting' || varies(name)),
      )
        .map((name) => base.labels[name])
        .join(' · ');
      return {
        ...pair,
        label:
          by === undefined ? common : `${common}: ${valueOf(base, by)} → ${valueOf(candidate, by)}`,
      };
    }),
  );
}

function grouped(
  cells: readonly CellData[],
  key: (cell: CellData) => string,
): ReadonlyMap<string, readonly CellData[]> {
  const groups = new Map<string, CellData[]>();
  for (const cell of cells) {
    const group = groups.get(key(cell));
    if (group === undefined) groups.set(key(cell), [cell]);
    else group.push(cell);
  }
  return groups;
}

function pairing(
  bases: readonly CellData[],
  candidates: readonly CellData[],
  by: ComparedDimension | undefined,
): Pairing {
  const key = (cell: CellData) => (by === undefined ? cell.cellId : keyWithout(cell, by));
  const groups = grouped(candidates, key);
  const baseGroups = grouped(bases, key);
  const used = new Set<CellData>();
  const pairs = bases.flatMap((base): readonly CellPair[] => {
    const alone = baseGroups.get(key(base))?.length === 1;
    const partners = groups.get(key(base)) ?? [];
    // Where a key has several cells on both sides, only those that are wholly equal say which belongs to which.
    const chosen = alone ? partners : partners.filter(({ cellId }) => cellId === base.cellId);
    return chosen.map((candidate) => {
      used.add(base).add(candidate);
      return {
        label: '',
        base,
        candidate,
        candidateName: by === undefined ? 'candidate' : valueOf(candidate, by),
      };
    });
  });
  const rest = (cells: readonly CellData[]) =>
    cells.filter((cell) => !used.has(cell)).map(({ cellId }) => cellId);
  return {
    pairs: labelled(pairs, by),
    unmatched: { base: rest(bases), candidate: rest(candidates) },
  };
}

/** Cells may differ in what no label says: the hash of their ids tells them apart. */
function distinct(pairs: readonly CellPair[]): readonly CellPair[] {
  const uses = new Map<string, number>();
  for (const { label } of pairs) uses.set(label, (uses.get(label) ?? 0) + 1);
  return pairs.map((pair) =>
    uses.get(pair.label) === 1
      ? pair
      : {
          ...pair,
          label: `${pair.label} ~${pair.base.cellId.slice(pair.base.cellId.lastIndexOf('~') + 1)}`,
        },
  );
}

/**
 * Pair the cells of two runs: those with the same id, or, where a dimension is given, those that differ in it alone.
 * Where no id is in both, the dimension that pairs most cells is taken.
 *
 * @throws MigbenchError `usage` where nothing can be paired.
 */
export function pairRuns(
  base: RunSide,
  candidate: RunSide,
  by?: ComparedDimension,
): Pairing & { readonly by?: ComparedDimension } {
  const exact = pairing(base.cells, candidate.cells, by);
  if (exact.pairs.length > 0) return { ...exact, ...(by === undefined ? {} : { by }) };
  if (by === undefined) {
    const found = comparedDimensions
      .map((dimension) => ({ ...pairing(base.cells, candidate.cells, dimension), by: dimension }))
      .reduce((best, each) => (each.pairs.length > best.pairs.length ? each : best));
    if (found.pairs.length > 0) return found;
  }
  const example = (side: RunSide) => side.cells[0]?.cellId ?? 'no cell at all';
  throw new MigbenchError(
    'usage',
    `No cell of ${base.directory} can be compared with one of ${candidate.directory}: they differ in ` +
      `${by === undefined ? 'more than one dimension' : `more than their ${by}`} (${example(base)}; ${example(candidate)}). ` +
      'Run the same plan for both.',
  );
}

/**
 * Pair the cells of one run that differ in a dimension alone.
 *
 * @param from the value of the base; by default the first in the plan.
 * @param to the value of the candidate; by default every other.
 * @throws MigbenchError `usage` where there are no two values, or one that was asked for is not there.
 */
export function pairGroups(
  run: RunSide,
  by: ComparedDimension,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined } = {},
): Pairing & { readonly base: string; readonly candidates: readonly string[] } {
  const values = [...new Set(run.cells.map((cell) => valueOf(cell, by)))];
  for (const wanted of [from, to]) {
    if (wanted === undefined || values.includes(wanted)) continue;
    throw new MigbenchError(
      'usage',
      `${run.directory} has no ${by} "${wanted}": expected one of ${values.join(', ')}.`,
    );
  }
  const base = from ?? values.find((value) => value !== to) ?? '';
  const candidates = values.filter((value) => (to === undefined ? value !== base : value === to));
  if (candidates.length === 0 || base === to) {
    throw new MigbenchError(
      'usage',
      `--by ${by} needs two values to compare; ${run.directory} has ${values.length === 0 ? 'no trials' : values.join(', ')}.`,
    );
  }
  const of = (value: string) => run.cells.filter((cell) => valueOf(cell, by) === value);
  const pairings = candidates.map((value) => pairing(of(base), of(value), by));
  const pairs = pairings.flatMap((each) => each.pairs);
  if (pairs.length === 0) {
    throw new MigbenchError(
      'usage',
      `No two cells of ${run.directory} differ in their ${by} alone: nothing can be compared by it.`,
    );
  }
  // A value that pairs with nothing is no candidate; of those that are, each is to have all cells.
  const lost = pairings.flatMap((each) => (each.pairs.length === 0 ? [] : each.unmatched.base));
  return {
    pairs: labelled(pairs, by),
    unmatched: {
      base: [...new Set(lost)],
      candidate: pairings.flatMap(({ unmatched }) => unmatched.candidate),
    },
    base,
    candidates: candidates.filter((value) => pairs.some((pair) => pair.candidateName === value)),
  };
}
