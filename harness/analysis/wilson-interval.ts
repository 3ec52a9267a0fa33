/**
 * Wilson's score interval for a proportion: usable for few trials and for 0 or all of them, where the usual
 * p ± 1.96·√(p(1−p)/n) collapses to a point.
 *
 * Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
 */

/** The 97.5 % point of the standard normal distribution: two-sided 95 %. */
const Z = 1.959963984540054;

export interface Proportion {
  /** How many of them did. */
  readonly k: number;
  /** Of how many; at least 1. */
  readonly n: number;
  /** Ends of the 95 % interval, as fractions of 1. */
  readonly low: number;
  readonly high: number;
}

/** k of n with its 95 % interval; `undefined` for n = 0. */
export function wilsonInterval(k: number, n: number): Proportion | undefined {
  if (!Number.isInteger(k) || !Number.isInteger(n) || k < 0 || k > n) {
    throw new RangeError(`not a proportion: ${k} of ${n}`);
  }
  if (n === 0) return undefined;
  const p = k / n;
  const zz = Z * Z;
  const centre = p + zz / (2 * n);
  const half = Z * Math.sqrt((p * (1 - p)) / n + zz / (4 * n * n));
  const scale = 1 + zz / n;
  return {
    k,
    n,
    // The ends are exact where all or none did; rounding must not put them outside.
    low: k === 0 ? 0 : Math.max(0, (centre - half) / scale),
    high: k === n ? 1 : Math.min(1, (centre + half) / scale),
  };
}
