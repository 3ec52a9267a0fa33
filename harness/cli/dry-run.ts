/** `--dry-run`: the trials in their order and the expected time, and nothing is run. */
import type { LoadedPlan } from '../plan/load.ts';
import type { Outcome } from '../record/schema.ts';

/** Which trials of a plan would be run. */
export interface DryRun {
  /** A glob on cell ids; absent = all. */
  readonly only?: string | undefined;
  /** Run directory of the run that would be gone on with. */
  readonly resume?: string | undefined;
  /** With `resume`: outcomes that would be tried again. */
  readonly retry?: readonly Outcome['kind'][];
}

export async function printDryRun(
  { plan, definitions }: LoadedPlan,
  { only, resume, retry = [] }: DryRun,
): Promise<void> {
  const { addedTrials, planTrials } = await import('../plan/order.ts');
  const { finishedTrials } = await import('../record/resume.ts');
  const { estimateRunMs } = await import('../plan/estimate.ts');
  const { formatDuration } = await import('../units.ts');
  const recorded =
    resume === undefined ? new Map<string, Outcome['kind']>() : await outcomesIn(resume);
  const finished = finishedTrials(recorded, retry);
  const trials = [
    ...planTrials(plan, only === undefined ? {} : { only }),
    ...addedTrials(plan, recorded.keys(), only),
  ].filter(({ id }) => !finished.has(id));
  for (const { id, cell } of trials) process.stdout.write(`${id} ${cell.id}\n`);
  const cells = new Set(trials.map(({ cell }) => cell.id)).size;
  process.stderr.write(
    `${trials.length} trials of ${cells} cells, about ` +
      `${formatDuration(estimateRunMs(trials, definitions))}.\n`,
  );
}

/** What became of the trials of a run so far, by their ids. */
async function outcomesIn(directory: string): Promise<ReadonlyMap<string, Outcome['kind']>> {
  const { readRun } = await import('../record/reader.ts');
  const { records } = await readRun(directory);
  return new Map(records.map(({ trialId, outcome }) => [trialId, outcome.kind]));
}
