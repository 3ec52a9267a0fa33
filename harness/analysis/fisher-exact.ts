/**
 * Fisher's exact test: whether two groups differ in how many of them completed.
 *
 * Two-sided: the probability of all tables with the same totals that are no more likely than the one seen.
 * Source: Fisher 1922; the same rule as R's `fisher.test` and SciPy's `fisher_exact`.
 */

/** Tables that are as likely as the one seen but for rounding. */
const ROUNDING = 1 + 1e-7;

/** k of n. */
interface Completed {
  readonly k: number;
  readonly n: number;
}

/** k of n in each group; 1 where a group is empty. */
export function fisherExact(one: Completed, other: Completed): number {
  const { least, probabilities } = tablesOf(one, other);
  return pOf(probabilities, probabilities[one.k - least] ?? 1);
}

/**
 * The least p that any table with the same totals has: where it is above the level, nothing could be called however the
 * completed ones were spread, and the test need not count among several (Tarone 1990). 1 where all or none completed.
 */
export function leastFisherP(one: Completed, other: Completed): number {
  const { probabilities } = tablesOf(one, other);
  return pOf(probabilities, Math.min(...probabilities));
}

/** The probabilities of all tables with these totals, by how many of the first group completed: from `least` up. */
function tablesOf(
  one: Completed,
  other: Completed,
): { readonly least: number; readonly probabilities: readonly number[] } {
  const completed = one.k + other.k;
  const total = one.n + other.n;
  const least = Math.max(0, completed - other.n);
  const most = Math.min(one.n, completed);
  const logs = logFactorials(total);
  const logChoose = (n: number, k: number) => (logs[n] ?? 0) - (logs[k] ?? 0) - (logs[n - k] ?? 0);
  const probability = (k: number) =>
    Math.exp(logChoose(one.n, k) + logChoose(other.n, completed - k) - logChoose(total, completed));
  return {
    least,
    probabilities: Array.from({ length: most - least + 1 }, (_, place) =>
      probability(least + place),
    ),
  };
}

/** The probability of all tables that are no more likely than the one seen. */
function pOf(probabilities: readonly number[], seen: number): number {
  let sum = 0;
  for (const each of probabilities) if (each <= seen * ROUNDING) sum += each;
  return Math.min(1, sum);
}

function logFactorials(n: number): readonly number[] {
  const logs = [0];
  for (let i = 1; i <= n; i += 1) logs.push((logs[i - 1] ?? 0) + Math.log(i));
  return logs;
}
