/** How many trials completed, as an outcome of its own: compared in every pair of cells, corrected across them. */
import { fisherExact, leastFisherP } from '../analysis/fisher-exact.ts';
import { wilsonInterval } from '../analysis/wilson-interval.ts';
import { corrected } from './correction.ts';
import type { CellPair } from './match.ts';
import type { CellData } from './side.ts';
import type { CompareOptions, CompletionComparison } from './types.ts';
import { judgeCompletion } from './verdict.ts';

/** One comparison per pair, in their order. */
export function completionsOf(
  pairs: readonly CellPair[],
  options: CompareOptions,
): readonly CompletionComparison[] {
  const counts = pairs.map(({ base, candidate }) => {
    const one = completed(base);
    const other = completed(candidate);
    const isTested = one.n > 0 && other.n > 0;
    return {
      base: wilsonInterval(one.k, one.n),
      candidate: wilsonInterval(other.k, other.n),
      p: isTested ? fisherExact(one, other) : undefined,
      // Cells in which all completed say nothing, and must not make it harder to see where some did not.
      canBeCalled: isTested && leastFisherP(one, other) <= options.alpha,
    };
  });
  const tested = counts.filter(({ canBeCalled }) => canBeCalled);
  const adjustedOf = corrected(tested, ({ p }) => p, options.correction);
  return counts.map((each): CompletionComparison => {
    const adjustedP = adjustedOf.get(each);
    const sides = {
      ...(each.base === undefined ? {} : { base: each.base }),
      ...(each.candidate === undefined ? {} : { candidate: each.candidate }),
    };
    return {
      ...sides,
      ...(each.p === undefined ? {} : { p: each.p }),
      ...(adjustedP === undefined ? {} : { adjustedP }),
      ...judgeCompletion(sides, adjustedP, options.alpha),
    };
  });
}

/** Skipped and invalid trials are no results. */
function completed({ observations }: CellData): { readonly k: number; readonly n: number } {
  const counted = observations.filter(
    ({ outcome }) => outcome !== 'skipped' && outcome !== 'invalid',
  );
  return {
    k: counted.filter(({ outcome }) => outcome === 'completed').length,
    n: counted.length,
  };
}
