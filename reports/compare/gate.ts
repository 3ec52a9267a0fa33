/** The gate of a comparison in words and as JUnit XML. */
import { failedChecks } from '../../harness/analysis/gate.ts';
import type { Comparison } from '../../harness/compare/types.ts';
import { checkCase, junitDocument } from '../exports/junit.ts';
import { counted } from '../format.ts';
import { titleOf } from './words.ts';

type ComparisonGate = NonNullable<Comparison['gate']>;

/** `Gate: failed: 2 of 70 checks.` */
export function gateSentence(gate: ComparisonGate): string {
  const failed = failedChecks(gate).length;
  const open = gate.checks.filter(({ status }) => status === 'not-applicable').length;
  const rest =
    open === 0
      ? ''
      : ` ${counted(open, 'check')} could not be judged: inconclusive, or no figures.`;
  return failed === 0
    ? `Gate: passed, ${counted(gate.checks.length, 'check')}.${rest}`
    : `Gate: failed, ${failed} of ${counted(gate.checks.length, 'check')}.${rest}`;
}

/** What fails, a line each, and the notes. */
export function gateLines(gate: ComparisonGate): readonly string[] {
  return [
    ...failedChecks(gate).map(
      ({ threshold, cellId, text }) =>
        `${threshold}: ${cellId === undefined ? '' : `${cellId}: `}${text}`,
    ),
    ...gate.notes,
  ];
}

/** A test for each check: `failure` where it fails, `skipped` where it could not be judged. */
export function comparisonJunit(comparison: Comparison, gate: ComparisonGate): string {
  const name = titleOf(comparison);
  return junitDocument(`migbench compare ${name}`, [
    { name: 'comparison', cases: gate.checks.map(checkCase) },
  ]);
}
