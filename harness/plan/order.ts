/**
 * The order of the trials: randomised, interleaved blocks, so that drift of the host hits all cells alike.
 *
 * Every block holds each cell once. A block's order depends on the seed, the block's number and the number of
 * cells alone: more repetitions add blocks and leave the earlier ones as they are, and a filter takes trials out
 * without renaming those that stay.
 */
import { createHash } from 'node:crypto';
import { MigbenchError } from '../errors.ts';
import { cellMatcher } from '../record/cell-matcher.ts';
import { MAXIMUM_TRIALS } from './expand.ts';
import type { PlannedTrial, ResolvedPlan } from './types.ts';

/** What to run of a plan. */
export interface TrialSelection {
  /** A glob on cell ids; `*` matches `/` too. */
  readonly only?: string;
  /** Instead of the plan's own number. */
  readonly repetitions?: number;
}

/**
 * Mulberry32 (T. Ettinger): numbers in [0, 1) from a 32-bit state. Integer arithmetic only, so it gives the same
 * numbers everywhere; good enough for shuffling, and for nothing else.
 */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fisher–Yates. */
function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}

/** The state with which a block's shuffle begins. */
function blockSeed(seed: number, block: number): number {
  return createHash('sha256').update(`${seed}:${block}`).digest().readUInt32LE(0);
}

/** All trials of a plan in the order in which they run. Throws `usage` where the glob matches no cell. */
export function planTrials(plan: ResolvedPlan, selection: TrialSelection = {}): PlannedTrial[] {
  const { only, repetitions = plan.repetitions } = selection;
  if (!Number.isInteger(repetitions) || repetitions < 1)
    throw new MigbenchError(
      'usage',
      `repetitions must be a whole number from 1, not ${repetitions}`,
    );
  if (plan.cells.length * repetitions > MAXIMUM_TRIALS)
    throw new MigbenchError(
      'usage',
      `${plan.cells.length} cells × ${repetitions} repetitions are more than ${MAXIMUM_TRIALS} trials`,
    );
  const isWanted = cellMatcher(only);
  if (!plan.cells.some(({ id }) => isWanted(id)))
    throw new MigbenchError(
      'usage',
      `--only ${only ?? ''} matches none of the ${plan.cells.length} cells; ` +
        `they are named like ${plan.cells[0]?.id ?? 'nothing: the plan has no cells'}`,
    );
  return Array.from({ length: repetitions }, (_, block) => planBlock(plan, block, only)).flat();
}

/** The trials of one block, which may be one beyond the plan's repetitions. */
export function planBlock(plan: ResolvedPlan, block: number, only?: string): PlannedTrial[] {
  const isWanted = cellMatcher(only);
  const order = shuffled(plan.cells, mulberry32(blockSeed(plan.seed, block)));
  return order.flatMap((cell, index) => {
    if (!isWanted(cell.id)) return [];
    const position = block * plan.cells.length + index;
    const number = String(block).padStart(4, '0');
    const place = String(position).padStart(5, '0');
    const id = `${number}-${place}-${cell.id.slice(-8)}`;
    return [{ id, cell, block, position, repetition: block + 1 }];
  });
}

/**
 * The trials of blocks beyond the plan's repetitions (`--until-precision`) of which a run has records already, in their
 * order.
 *
 * @param recorded ids of trials that have a record.
 */
export function addedTrials(
  plan: ResolvedPlan,
  recorded: Iterable<string>,
  only?: string,
): PlannedTrial[] {
  const blocks = new Set([...recorded].map((id) => Number(id.split('-')[0])));
  return [...blocks]
    .filter((block) => block >= plan.repetitions)
    .sort((one, other) => one - other)
    .flatMap((block) => planBlock(plan, block, only));
}
