/** Recordings edited by hand: where one is cut, and what is found in it. */
import type { CellSpec } from '../../../harness/plan/types.ts';
import type { ReplayStep } from '../replay-server.ts';
import { wordsOf } from './stage.ts';

export const NOW: Partial<CellSpec> = {
  capabilities: { 'postcopy-ram': true },
  postcopy: { startAfter: { kind: 'now' }, recover: false },
};

/** The last answer of a side, which names the end. */
export function finalWord(steps: readonly ReplayStep[]) {
  const last = steps.map(wordsOf).findLast((words) => words.return?.status !== undefined);
  if (last?.return === undefined) throw new Error('The recording has no end.');
  return last.return;
}

/** Steps up to (and without) the first that `predicate` holds for. */
export function until(steps: readonly ReplayStep[], predicate: (step: ReplayStep) => boolean) {
  return steps.slice(0, steps.findIndex(predicate));
}

export const isAnswer = (status: string) => (step: ReplayStep) =>
  wordsOf(step).return?.status === status;
