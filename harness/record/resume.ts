/** Going on with an interrupted run: the same plan, the records there are, and a torn last line set aside. */
import { open, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { jsonDifferences } from './difference.ts';
import { syncFolder, writeFully } from './durable.ts';
import { ENVIRONMENT_FILE, RESOLVED_PLAN_FILE, TRIALS_FILE } from './layout.ts';
import { readEnvironment, readJsonFile } from './reader.ts';
import type { Environment, Outcome } from './schema.ts';
import { latestRecords, readTrialLines } from './trials.ts';

/** What a run to be resumed holds already. */
export interface ResumeState {
  readonly environment: Environment;
  /** What became of each trial that has a record: trial id → the latest outcome. */
  readonly outcomes: ReadonlyMap<string, Outcome['kind']>;
  /** What guests ran under in the trials that have a record, by the reference of their source QEMU. */
  readonly measuredUnder: ReadonlyMap<string, ReadonlySet<'kvm' | 'tcg'>>;
  /** What had to be repaired, for the user to read. */
  readonly warnings: readonly string[];
}

/** The trials that need not be run again: all that have a record, but those whose outcome is to be retried. */
export function finishedTrials(
  outcomes: ReadonlyMap<string, Outcome['kind']>,
  retry: readonly Outcome['kind'][] = [],
): ReadonlySet<string> {
  const finished = new Set<string>();
  for (const [trialId, outcome] of outcomes) if (!retry.includes(outcome)) finished.add(trialId);
  return finished;
}

/** Check that a run may be resumed with this plan, and repair its last line; the caller holds the lock. */
export async function openForResume(directory: string, plan: unknown): Promise<ResumeState> {
  const names = new Set(await readdir(directory));
  for (const name of [ENVIRONMENT_FILE, RESOLVED_PLAN_FILE]) {
    if (names.has(name)) continue;
    throw new MigbenchError(
      'record',
      `Nothing to resume: ${directory} has no ${name}, so no run got under way in it. Start a new one without --resume.`,
    );
  }
  const environment = await readEnvironment(directory);
  await refuseChangedPlan(directory, plan);
  const path = join(directory, TRIALS_FILE);
  if (!names.has(TRIALS_FILE))
    return { environment, outcomes: new Map(), measuredUnder: new Map(), warnings: [] };
  const { records, torn } = await latestRecords(readTrialLines(path));
  const outcomes = new Map<string, Outcome['kind']>();
  const measuredUnder = new Map<string, Set<'kvm' | 'tcg'>>();
  for (const [trialId, { outcome, accelerator, qemu }] of records) {
    outcomes.set(trialId, outcome.kind);
    // What does not count is mixed with nothing.
    if (accelerator === undefined || outcome.kind === 'skipped' || outcome.kind === 'invalid') {
      continue;
    }
    const { reference } = qemu.source;
    measuredUnder.set(reference, (measuredUnder.get(reference) ?? new Set()).add(accelerator));
  }
  if (torn === undefined) return { environment, outcomes, measuredUnder, warnings: [] };
  const aside = await setAside(directory, torn.offset, names);
  return {
    environment,
    outcomes,
    measuredUnder,
    warnings: [
      `${TRIALS_FILE}:${torn.number} was incomplete (the run was interrupted while writing it); ` +
        `it was moved to ${aside}, and its trial will be repeated.`,
    ],
  };
}

/**
 * A resolved plan without what changes nothing that is measured: its name, and the place that a user's workload was
 * loaded from (another clone has it elsewhere; its content counts by its digest).
 */
function measuredPart(plan: unknown): unknown {
  return JSON.parse(JSON.stringify(plan), function (this: object, key, value: unknown) {
    const isPlace = key === 'path' && 'digest' in this;
    const isName = key === 'name' && 'cells' in this;
    return isPlace || isName ? undefined : value;
  }) as unknown;
}

async function refuseChangedPlan(directory: string, plan: unknown): Promise<void> {
  const before = await readJsonFile(join(directory, RESOLVED_PLAN_FILE));
  const differences = jsonDifferences(measuredPart(before), measuredPart(plan));
  if (differences.length === 0) return;
  throw new MigbenchError(
    'record',
    `The plan is not the one that ${directory} was begun with:\n${differences.map((line) => `  ${line}`).join('\n')}\n` +
      `Leave the plan out: migbench run --resume ${directory} (or start a new run with --out).`,
  );
}

/** Move everything from `offset` on to a new file, durably, before it is cut off. Returns the file's name. */
async function setAside(
  directory: string,
  offset: number,
  names: ReadonlySet<string>,
): Promise<string> {
  let n = 1;
  while (names.has(`${TRIALS_FILE}.torn-${n}`)) n += 1;
  const name = `${TRIALS_FILE}.torn-${n}`;
  const path = join(directory, TRIALS_FILE);
  const { size } = await stat(path);
  const bytes = Buffer.alloc(size - offset);
  {
    await using source = await open(path, 'r');
    await source.read(bytes, 0, bytes.length, offset);
    await using target = await open(join(directory, name), 'wx', 0o644);
    await writeFully(target, bytes);
    await target.sync();
  }
  await truncate(path, offset);
  await syncFolder(directory);
  return name;
}
