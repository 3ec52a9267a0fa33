/** The timelines of a run, read one trial at a time: all of them for timeline.csv, some of them for the page. */
import { join } from 'node:path';
import { messageOf } from '../harness/errors.ts';
import { readTimeline, type Run } from '../harness/record/reader.ts';
import type { TimelineSample, TrialRecord } from '../harness/record/schema.ts';
import { timelineData } from './charts/timeline.ts';
import type { PageTimelines, PageTimeline } from './html/page.ts';
import type { ReportModel } from './model.ts';

/** More make the page heavy: about 30 kB each. */
const MOST_ON_PAGE = 200;

/** What reading the timelines came to. */
export interface TimelinesResult {
  readonly page: PageTimelines;
  /** Timelines that could not be read; the report goes on without them. */
  readonly warnings: readonly string[];
}

/** Read every trial's timeline; `each` gets them in the run's order, without the empty ones. */
export async function collectTimelines(
  run: Run,
  model: Pick<ReportModel, 'cells'>,
  each: (record: TrialRecord, samples: readonly TimelineSample[]) => Promise<void>,
): Promise<TimelinesResult> {
  const labels = new Map(model.cells.map((cell) => [cell.cellId, cell.label]));
  const chosen = chooseTrials(run.records);
  const shown: PageTimeline[] = [];
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
    if (!chosen.has(record.trialId)) continue;
    const data = timelineData(samples);
    if (data.points.length === 0) continue;
    const label = `${labels.get(record.cellId) ?? record.cellId} · repetition ${record.repetition} · ${record.outcome.kind}`;
    shown.push({ label, data });
  }
  return { page: { shown, available }, warnings };
}

/** The first repetitions of all cells before the second ones, so that every cell is on the page if it can be. */
function chooseTrials(records: readonly TrialRecord[]): ReadonlySet<string> {
  const candidates = records.filter(({ outcome }) => outcome.kind !== 'skipped');
  return new Set(
    candidates
      .toSorted((a, b) => a.repetition - b.repetition)
      .slice(0, MOST_ON_PAGE)
      .map(({ trialId }) => trialId),
  );
}
