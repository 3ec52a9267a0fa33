/** Names of the files in a run directory (docs/formats.md, "Run directory"). */
import { join } from 'node:path';

/** The plan as its author wrote it. */
export const PLAN_FILE = 'plan.yaml';
/** What `load` and `expand` made of the plan; a resumed run must have the same. */
export const RESOLVED_PLAN_FILE = 'plan.resolved.json';
/** What all trials of the run share; written after both plans, so that its presence says that the folder is whole. */
export const ENVIRONMENT_FILE = 'environment.json';
/** One record per trial, append-only. */
export const TRIALS_FILE = 'trials.jsonl';
/** What `--aa` found: how large a change comes about where nothing was changed. */
export const NOISE_FLOOR_FILE = 'noise-floor.json';
/** One folder per trial, for its artifacts. */
export const TRIALS_FOLDER = 'trials';
/** Derived from everything else; may be deleted. */
export const REPORT_FOLDER = 'report';

/** What `regress` found: the builds of the run compared; derived as well. */
export const COMPARISON_FOLDER = 'comparison';

/** The files whose presence makes a folder a run directory. Plans alone are what a beginning that was killed left. */
export const RUN_MARKERS = [ENVIRONMENT_FILE, TRIALS_FILE] as const;

/** Folder of a trial's artifacts, relative to the run directory (as in a record's `artifacts`). */
export function trialFolderName(trialId: string): string {
  return join(TRIALS_FOLDER, trialId);
}

/** Where a trial's timeline is written, relative to the run directory; its record says whether there is one. */
export function timelineFileName(trialId: string): string {
  return join(trialFolderName(trialId), 'timeline.jsonl');
}
