/** Thresholds of a plan and of `--threshold`: what is wrong with one, in words. */
import { parseThreshold } from '../analysis/threshold.ts';
import { MigbenchError } from '../errors.ts';

/** `undefined` for a threshold that can be checked. */
export function thresholdProblem(
  text: string,
  withoutBaseline: boolean,
): { readonly reason: string; readonly suggestion?: string } | undefined {
  const parsed = parseThreshold(text);
  if (!parsed.ok) {
    const { reason, suggestion } = parsed;
    return suggestion === undefined ? { reason } : { reason, suggestion };
  }
  if (parsed.threshold.kind !== 'relative' || !withoutBaseline) return undefined;
  return {
    reason:
      `"${parsed.threshold.text}" compares with a baseline, and a single run has none: write the figure itself ` +
      '(without a sign), or compare two runs or two QEMUs (migbench compare, migbench regress)',
  };
}

/**
 * The expressions of `--threshold`, which may be repeated.
 *
 * @throws MigbenchError `usage` for the first that is none.
 */
export function thresholdFlags(
  texts: readonly string[] | undefined,
  withoutBaseline: boolean,
): readonly string[] {
  for (const text of texts ?? []) {
    const problem = thresholdProblem(text, withoutBaseline);
    if (problem === undefined) continue;
    const hint = problem.suggestion === undefined ? '' : `; did you mean "${problem.suggestion}"?`;
    throw new MigbenchError('usage', `--threshold: ${problem.reason}${hint}`);
  }
  return texts ?? [];
}
