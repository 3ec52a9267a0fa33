/** The standard normal distribution: its distribution function and its quantiles, to about 1e-15. */

/**
 * P(Z ≤ x). A series near 0 and Lentz's continued fraction of the tail beyond.
 * Source: Abramowitz & Stegun, *Handbook of Mathematical Functions*, 26.2.11 and 26.2.14.
 */
export function normalCdf(x: number): number {
  if (x > 0) return 1 - normalCdf(-x);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x > -2.5) {
    let term = x;
    let sum = x;
    for (let i = 3; Math.abs(term) > 1e-18 * Math.abs(sum); i += 2) {
      term *= (x * x) / i;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = 0;
  for (let i = 200; i >= 1; i -= 1) fraction = i / (-x + fraction);
  return density / (-x + fraction);
}

/**
 * The x with P(Z ≤ x) = p, for 0 < p < 1; ±Infinity at the ends.
 * Bisection, then Newton's steps: slow by the standards of numerics, exact by those of this program.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`not a probability: ${p}`);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  let low = -39;
  let high = 0;
  while (high - low > 1e-3) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  let x = (low + high) / 2;
  for (let i = 0; i < 4; i += 1) {
    const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    x -= (normalCdf(x) - p) / density;
  }
  return x;
}
