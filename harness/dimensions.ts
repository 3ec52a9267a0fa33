/** What quantities measure, and the units of each: the tables that `units.ts` reads and writes by. */

/**
 * What is measured; the base unit in which a parsed number is given:
 * bytes · bytes/s · bits/s · ms (`duration`) · % · 1/s · a whole number.
 */
export type Dimension =
  | 'bytes'
  | 'bytes-per-second'
  | 'bits-per-second'
  | 'duration'
  | 'percent'
  | 'per-second'
  | 'count';

interface Unit {
  readonly symbol: string;
  /** How many of the dimension's grains one unit is. */
  readonly grains: number;
  /** Accepted, but never written by `formatExact`. */
  readonly alternative?: boolean;
}

interface DimensionRules {
  readonly noun: string;
  readonly example: string;
  readonly units: readonly Unit[];
  /** Grains in the base unit: values are rounded to whole grains; absent = no rounding. */
  readonly grainsPerBase?: number;
}

export const SI: readonly (readonly [string, number])[] = [
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
];
export const IEC: readonly (readonly [string, number])[] = [
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
];

/** Units of one stem with all prefixes, in ascending order within each family. */
function prefixed(stem: string, grains: number, alternative = false): Unit[] {
  return [['', 1] as const, ...IEC, ...SI].map(([prefix, factor]) => ({
    symbol: prefix + stem,
    grains: factor * grains,
    alternative,
  }));
}

const also = (symbol: string, grains: number): Unit => ({ symbol, grains, alternative: true });

export const DIMENSIONS: Readonly<Record<Dimension, DimensionRules>> = {
  bytes: {
    noun: 'a size',
    example: '384MiB',
    units: [...prefixed('B', 1), also('KB', 1e3)],
    grainsPerBase: 1,
  },
  'bytes-per-second': {
    noun: 'a rate',
    example: '20MiB/s',
    units: [...prefixed('B/s', 1), also('KB/s', 1e3), ...prefixed('bit/s', 1 / 8, true)],
    grainsPerBase: 1,
  },
  'bits-per-second': {
    noun: 'a rate',
    example: '200Mbit/s',
    units: [...prefixed('bit/s', 1), ...prefixed('B/s', 8, true), also('KB/s', 8e3)],
    grainsPerBase: 1,
  },
  duration: {
    noun: 'a duration',
    example: '300ms',
    units: [
      { symbol: 'us', grains: 1e3 },
      ...['µs', 'μs'].map((symbol) => also(symbol, 1e3)),
      { symbol: 'ms', grains: 1e6 },
      { symbol: 's', grains: 1e9 },
      { symbol: 'min', grains: 60e9 },
      { symbol: 'h', grains: 3600e9 },
    ],
    grainsPerBase: 1e6,
  },
  percent: { noun: 'a percentage', example: '20%', units: [{ symbol: '%', grains: 1 }] },
  'per-second': {
    noun: 'a number per second',
    example: '500/s',
    units: [{ symbol: '/s', grains: 1 }, also('/min', 1 / 60)],
  },
  count: { noun: 'a whole number', example: '4', units: [{ symbol: '', grains: 1 }] },
};
