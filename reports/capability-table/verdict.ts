/** What became of the trials of one setting on one build, or of one pair of builds, in a few words and figures. */
import { exact } from '../../harness/analysis/censored.ts';
import { median } from '../../harness/analysis/median.ts';
import type { Measurements, Outcome, TrialRecord } from '../../harness/record/schema.ts';
import { formatBytes, formatDuration } from '../../harness/units.ts';
import { UNKNOWN } from '../format.ts';

/** A verdict, and what a note below the table says of it. */
export interface Verdict {
  readonly text: string;
  /** Why it did not work, without the build's name; absent where it did. */
  readonly note?: string;
}

/** Not a failure of a migration: the build or this host refused what was asked. */
const REFUSALS: ReadonlySet<string> = new Set(['capability-refused', 'parameter-refused']);

/**
 * The verdict on trials of the same thing.
 *
 * `worked`: all completed, and the guest's data was checked and is intact. `completed`: all completed and the guest
 * lives; its workload has no data to check. `without post-copy`: pre-copy was over before post-copy could begin. Figures
 * are medians.
 */
export function verdictOf(records: readonly TrialRecord[]): Verdict {
  const completed = records.filter(({ outcome }) => outcome.kind === 'completed');
  const other = records.find(({ outcome }) => outcome.kind !== 'completed');
  const figures = figuresOf(completed);
  if (other === undefined) {
    const checked = completed.every(({ integrity }) => integrity === 'intact');
    const isPrecopy = completed.some(({ warnings }) =>
      warnings.some(({ code }) => code === 'postcopy-not-needed'),
    );
    const how = isPrecopy ? ', without post-copy' : '';
    return { text: `${checked ? 'worked' : 'completed'}${how}: ${figures}` };
  }
  const note = noteOf(other);
  const word = wordOf(other.outcome);
  return completed.length === 0
    ? { text: word, note }
    : { text: `${completed.length} of ${records.length} completed: ${figures}; ${word}`, note };
}

/** An outcome in one or two words. */
export function wordOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'completed':
      return 'completed';
    case 'skipped':
      return REFUSALS.has(outcome.reason) ? 'refused' : 'skipped';
    case 'not-converged':
      return 'not converged';
    case 'failed':
    case 'invalid':
      return `**${outcome.kind}**`;
  }
}

/** Why, in QEMU's own words where it has some; the build's name is the column's. */
export function noteOf({ outcome, qemu }: TrialRecord): string {
  if (outcome.kind === 'completed') return '';
  const names = [qemu.source, qemu.destination].map(
    ({ reference, version }) => `${reference} (QEMU ${version})`,
  );
  let text = outcome.detail;
  for (const name of names) {
    if (text.startsWith(`${name}: `)) text = text.slice(name.length + 2);
    else if (text.startsWith(`${name} `)) text = `The build ${text.slice(name.length + 1)}`;
  }
  return outcome.kind === 'not-converged' ? text : `${outcome.reason}: ${text}`;
}

/** `596 ms, 39.5 ms, 66.6 MiB`: total time, pause and bytes sent; medians where there are several. */
function figuresOf(records: readonly TrialRecord[]): string {
  const of = (key: keyof Measurements, format: (value: number) => string): string => {
    const values = records.flatMap(({ measurements }) => measurements[key] ?? []);
    const figure = median(values.map(exact));
    return figure === undefined ? UNKNOWN : format(figure.value);
  };
  return [
    of('totalTimeMs', duration),
    of('pauseMs', duration),
    of('transferredBytes', formatBytes),
  ].join(', ');
}

function duration(ms: number): string {
  return ms === 0 ? '0 ms' : formatDuration(ms);
}
