/** The plan of a run that is resumed: the one it began with, unless another file is named, which must then agree. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError, systemErrorCode } from '../errors.ts';
import { folderDigest } from '../plan/folder-digest.ts';
import type { LoadedPlan } from '../plan/load.ts';
import type { ResolvedPlan } from '../plan/types.ts';
import { storageError } from '../record/durable.ts';
import { ENVIRONMENT_FILE, PLAN_FILE, RESOLVED_PLAN_FILE } from '../record/layout.ts';
import { readEnvironment, readJsonFile } from '../record/reader.ts';
import { loadPlanFile } from './load-plan-file.ts';

/**
 * @throws MigbenchError `record` where the directory holds no run, or a folder that its plan names is no longer what it
 *   was; `plan-invalid` as `loadPlanFile`.
 */
export async function loadForResume(
  runDirectory: string,
  file: string | undefined,
  overrides: readonly string[],
): Promise<LoadedPlan> {
  if (file !== undefined) {
    const loaded = await loadPlanFile({ file, overrides });
    return { ...loaded, plan: await asBegun(loaded.plan, runDirectory) };
  }
  refuseWithoutRun(runDirectory);
  const text = await readFile(join(runDirectory, PLAN_FILE), 'utf8').catch((error: unknown) => {
    throw storageError(error, `read ${join(runDirectory, PLAN_FILE)}`);
  });
  if (overrides.length > 0) {
    throw new MigbenchError(
      'usage',
      'A run is resumed with the plan it began with: leave out --set and --repetitions, or start a new run.',
    );
  }
  // What --set changed at the time is in the resolved plan only, and that is what was run.
  const plan = (await readJsonFile(join(runDirectory, RESOLVED_PLAN_FILE))) as ResolvedPlan;
  await refuseChangedFolders(plan, runDirectory);
  return { plan, text, definitions: new Map(), warnings: [] };
}

/** @throws MigbenchError `record` where the directory lacks what a run cannot go on without. */
export function refuseWithoutRun(runDirectory: string): void {
  const missing = [PLAN_FILE, RESOLVED_PLAN_FILE, ENVIRONMENT_FILE].filter(
    (name) => !existsSync(join(runDirectory, name)),
  );
  if (missing.length === 0) return;
  throw new MigbenchError(
    'record',
    `Nothing to resume in ${runDirectory}: it has no ${missing.join(' and no ')}. Name a run directory, or start a new run without --resume.`,
  );
}

/**
 * A plan that is named, with what the command line had added to it at the begin of the run: further thresholds, and the
 * doubled repetitions of `--aa`. What was edited since is left as it is, and refused when the directory is opened, as is
 * one without a run.
 */
async function asBegun(plan: ResolvedPlan, runDirectory: string): Promise<ResolvedPlan> {
  const paths = [ENVIRONMENT_FILE, RESOLVED_PLAN_FILE].map((name) => join(runDirectory, name));
  if (!paths.every((path) => existsSync(path))) return plan;
  const { aa } = await readEnvironment(runDirectory);
  const begun = (await readJsonFile(join(runDirectory, RESOLVED_PLAN_FILE))) as ResolvedPlan;
  const isAddedTo = plan.thresholds.every((text, place) => text === begun.thresholds[place]);
  const isDoubled = aa === true && begun.repetitions === 2 * plan.repetitions;
  return {
    ...plan,
    ...(isAddedTo ? { thresholds: begun.thresholds } : {}),
    ...(isDoubled ? { repetitions: begun.repetitions } : {}),
  };
}

/** The folders outside the run that its trials are made of, with their digests at its begin: workloads, credentials. */
function foldersOf({ cells }: ResolvedPlan): ReadonlyMap<string, string> {
  const folders = new Map<string, string>();
  for (const { spec } of cells) {
    const { workload, tls } = spec;
    if (workload.path !== undefined && workload.digest !== undefined) {
      folders.set(workload.path, workload.digest);
    }
    if (tls?.directory !== undefined && tls.digest !== undefined) {
      folders.set(tls.directory, tls.digest);
    }
  }
  return folders;
}

async function refuseChangedFolders(plan: ResolvedPlan, runDirectory: string): Promise<void> {
  const problems: string[] = [];
  for (const [folder, digest] of foldersOf(plan)) {
    const now = await folderDigest(folder, runDirectory).catch((error: unknown) => {
      if (systemErrorCode(error) === undefined) throw error;
      return undefined;
    });
    if (now === undefined) problems.push(`${folder} is not there, or cannot be read`);
    else if (now !== digest) problems.push(`${folder} holds other files than then`);
  }
  if (problems.length === 0) return;
  throw new MigbenchError(
    'record',
    `The run in ${runDirectory} cannot be resumed, since its trials could not be compared: ${problems.join('; ')}. ` +
      'Put it back as it was, or start a new run.',
  );
}
