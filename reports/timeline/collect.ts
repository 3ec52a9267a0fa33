/** The timelines of a run, read one trial at a time: packed for the page, and given on for timeline.csv. */
import { join } from 'node:path';
import { messageOf } from '../../harness/errors.ts';
import { readTimeline, type Run } from '../../harness/record/reader.ts';
import type { TimelineSample, TrialRecord } from '../../harness/record/schema.ts';
import { compressed, packTimeline, stepsFor } from './pack.ts';

/** What reading the timelines came to. */
export interface TimelinesResult {
  /** By trial: see `compressed`. A trial without a timeline is not there. */
  readonly packed: ReadonlyMap<string, string>;
  /** How many trials have a timeline. */
  readonly available: number;
  /** Timelines that could not be read; the report goes on without them. */
  readonly warnings: readonly string[];
}

/** Read every trial's timeline; `each` gets them in the run's order, without the empty ones. */
export async function collectTimelines(
  run: Run,
  pack: boolean,
  each: (record: TrialRecord, samples: readonly TimelineSample[]) => Promise<void>,
): Promise<TimelinesResult> {
  const steps = stepsFor(run.records.length);
  const packed = new Map<string, string>();
  const warnings: string[] = [];
  let available = 0;
  for (const record of run.records) {
    let samples: readonly TimelineSample[];
    try {
      samples = await readTimeline(run.directory, record);
    } catch (error) {
      // Relative names: the report does not depend on where the run directory is.
      const reason = messageOf(error).replaceAll(join(run.directory, '/'), '');
      warnings.push(`The timeline of ${record.trialId} was left out: ${reason}`);
      continue;
    }
    if (samples.length === 0) continue;
    available += 1;
    await each(record, samples);
    const timeline = pack ? packTimeline(samples, record, steps) : undefined;
    if (timeline !== undefined) packed.set(record.trialId, compressed(timeline));
  }
  return { packed, available, warnings };
}
