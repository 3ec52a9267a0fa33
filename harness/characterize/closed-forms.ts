/**
 * D(t) of the memory-stress workload in closed form, from its parameters: what measuring is checked against.
 * Derivations: docs/models.md#closed-forms.
 */

export type Pattern = 'random' | 'sequential' | 'hot-cold' | 'zipf';

/** A writer of whole pages. */
export interface KnownWriter {
  readonly pattern: Pattern;
  readonly workingSetBytes: number;
  /** Page writes per second times the page size, all threads together; the achieved rate, where it was unlimited. */
  readonly writtenBytesPerSecond: number;
  /** Each has its own part of the pages and its share of the rate. */
  readonly threads: number;
}

const PAGE_BYTES = 4096;
/** Exponent of the zipf pattern (workloads/memory-stress/pattern.c). */
const THETA = 0.99;

/** Unique bytes dirtied within `ms`; the expectation where the pattern is random. */
export function knownDirtyBytes(writer: KnownWriter, ms: number): number {
  const pages = Math.floor(writer.workingSetBytes / PAGE_BYTES);
  const writes = ((writer.writtenBytesPerSecond / PAGE_BYTES) * ms) / 1000 / writer.threads;
  let dirty = 0;
  for (let thread = 0; thread < writer.threads; thread += 1) {
    // Whole pages: parts differ by one page at most.
    const first = Math.floor((pages * thread) / writer.threads);
    const count = Math.floor((pages * (thread + 1)) / writer.threads) - first;
    dirty += dirtyPages(writer.pattern, count, writes);
  }
  return dirty * PAGE_BYTES;
}

function dirtyPages(pattern: Pattern, pages: number, writes: number): number {
  switch (pattern) {
    case 'sequential':
      return Math.min(pages, writes);
    case 'random':
      return occupied(pages, 1, writes);
    case 'hot-cold': {
      const hot = Math.ceil(pages / 10);
      if (hot === pages) return occupied(pages, 1, writes);
      return occupied(hot, 0.9, writes) + occupied(pages - hot, 0.1, writes);
    }
    case 'zipf':
      return zipfPages(pages, writes);
  }
}

/**
 * Expected number of `pages` boxes that are hit by at least one of `writes` balls, each of which falls into this group
 * with probability `share` and then into any of its boxes alike: n·(1 − (1 − share/n)^m).
 */
function occupied(pages: number, share: number, writes: number): number {
  return pages <= share
    ? Math.min(pages, writes)
    : -pages * Math.expm1(writes * Math.log1p(-share / pages));
}

/**
 * The same over ranks of unequal popularity. The probabilities are those of the generator itself (Gray et al. 1994): its
 * quantile function, inverted at whole ranks, not Zipf's law that it stands for.
 */
function zipfPages(pages: number, writes: number): number {
  let zeta = 0;
  for (let rank = 1; rank <= pages; rank += 1) zeta += rank ** -THETA;
  const second = 1 + 0.5 ** THETA;
  const eta = (1 - (2 / pages) ** (1 - THETA)) / (1 - second / zeta);
  // The number u below which the generator gives a rank (from 0) less than `rank`.
  const below = (rank: number): number => {
    if (rank <= 0) return 0;
    if (rank >= pages) return 1;
    if (rank === 1) return 1 / zeta;
    return Math.max(second / zeta, ((rank / pages) ** (1 - THETA) - 1 + eta) / eta);
  };
  let sum = 0;
  let lower = 0;
  for (let rank = 0; rank < pages; rank += 1) {
    const upper = below(rank + 1);
    const probability = Math.max(0, upper - lower);
    lower = Math.max(lower, upper);
    sum += probability >= 1 ? Math.min(1, writes) : -Math.expm1(writes * Math.log1p(-probability));
  }
  return sum;
}
