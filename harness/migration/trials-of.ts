/** The trials of a campaign in their order: those of the job, and block by block those that precision needs. */
import type { Job } from '../job.ts';
import { MAXIMUM_TRIALS } from '../plan/expand.ts';
import { planBlock } from '../plan/order.ts';
import type { PlannedTrial } from '../plan/types.ts';
import type { Progress } from '../progress.ts';
import type { RunWriter } from '../record/writer.ts';

interface TrialsOptions {
  readonly job: Pick<Job, 'plan' | 'trials' | 'untilPrecision'>;
  readonly writer: Pick<RunWriter, 'environment' | 'updateEnvironment'>;
  readonly progress: Pick<Progress, 'line' | 'extend'>;
  /** With `job.untilPrecision`: whether the records so far are precise enough, and in words how precise they are. */
  readonly precision?: () => Promise<{ readonly reached: boolean; readonly text: string }>;
}

/** How precise the run is, is asked before each block that has trials left: to answer, all records are read. */
export async function* trialsOf(options: TrialsOptions): AsyncGenerator<PlannedTrial> {
  const { job, writer, progress, precision } = options;
  yield* job.trials;
  const { untilPrecision } = job;
  if (untilPrecision === undefined || precision === undefined) return;
  // A block that was added before may have trials to be run again or for the first time; these came first.
  const finished = new Set([...untilPrecision.finished, ...job.trials.map(({ id }) => id)]);
  const most = Math.floor(MAXIMUM_TRIALS / job.plan.cells.length);
  for (let block = job.plan.repetitions; block < most; block += 1) {
    const trials = planBlock(job.plan, block, untilPrecision.only);
    const missing = trials.filter(({ id }) => !finished.has(id));
    if (missing.length === 0) continue;
    const { reached, text } = await precision();
    progress.line(text);
    if (reached) return;
    const { environment } = writer;
    const plannedTrials = Math.max(environment.plannedTrials, (block + 1) * trials.length);
    await writer.updateEnvironment({ ...environment, plannedTrials });
    progress.extend(missing.length);
    yield* missing;
  }
}
