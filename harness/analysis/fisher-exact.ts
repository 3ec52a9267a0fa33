/**
 * Fisher's exact test: whether two groups differ in how many of them completed.
 *
 * Two-sided: the probability of all tables with the same totals that are no more likely than the one seen.
 * Source: Fisher 1922; the same rule as R's `fisher.test` and SciPy's `fisher_exact`.
 */

/** Tables that are as likely as the one seen but for rounding. */
const ROUNDING = 1 + 1e-7;

/** k of n in each group; 1 where a group is empty. */
export function fisherExact(
  one: { readonly k: number; readonly n: number },
  other: { readonly k: number; readonly n: number },
): number {
  const completed = one.k + other.k;
  const total = one.n + other.n;
  const least = Math.max(0, completed - other.n);
  const most = Math.min(one.n, completed);
  const logs = logFactorials(total);
  const logChoose = (n: number, k: number) => (logs[n] ?? 0) - (logs[k] ?? 0) - (logs[n - k] ?? 0);
  const probability = (k: number) =>
    Math.exp(logChoose(one.n, k) + logChoose(other.n, completed - k) - logChoose(total, completed));
  const seen = probability(one.k);
  let sum = 0;
  for (let k = least; k <= most; k += 1) {
    const each = probability(k);
    if (each <= seen * ROUNDING) sum += each;
  }
  return Math.min(1, sum);
}

function logFactorials(n: number): readonly number[] {
  const logs = [0];
  for (let i = 1; i <= n; i += 1) logs.push((logs[i - 1] ?? 0) + Math.log(i));
  return logs;
}
