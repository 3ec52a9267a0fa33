/** A writer that draws its pages as workloads/memory-stress/pattern.c does, with a generator of its own. */
import type { Pattern } from '../../../harness/characterize/closed-forms.ts';

/** Mulberry32. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Which page comes next. */
export function chooser(pattern: Pattern, pages: number, seed: number): () => number {
  const next = random(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const hot = Math.ceil(pages / 10);
  let zeta = 0;
  for (let rank = 1; rank <= pages; rank += 1) zeta += rank ** -0.99;
  const eta = (1 - (2 / pages) ** 0.01) / (1 - (1 + 0.5 ** 0.99) / zeta);
  let place = -1;
  return () => {
    switch (pattern) {
      case 'sequential':
        place = (place + 1) % pages;
        return place;
      case 'random':
        return below(pages);
      case 'hot-cold':
        return next() < 0.9 ? below(hot) : hot + below(pages - hot);
      case 'zipf': {
        const uniform = next();
        if (uniform * zeta < 1) return 0;
        if (uniform * zeta < 1 + 0.5 ** 0.99) return 1;
        return Math.min(pages - 1, Math.floor(pages * (eta * uniform - eta + 1) ** 100));
      }
    }
  };
}

export function drawnPages(pattern: Pattern, pages: number, writes: number, seed: number) {
  const next = chooser(pattern, pages, seed);
  return Array.from({ length: writes }, next);
}
