/** p-values of several tests, corrected as the options say. */
import { benjaminiHochberg } from '../analysis/benjamini-hochberg.ts';
import { holm } from '../analysis/holm.ts';
import type { Correction } from './types.ts';

/** The corrected p of each test of a family; one without a p counts as 1. */
export function corrected<Test>(
  family: readonly Test[],
  pOf: (test: Test) => number | undefined,
  correction: Correction,
): ReadonlyMap<Test, number> {
  const correct = correction === 'holm' ? holm : benjaminiHochberg;
  const adjusted = correct(family.map((test) => pOf(test) ?? 1));
  return new Map(family.map((test, index) => [test, adjusted[index] ?? 1]));
}
