/** Run directories for report tests: the hand-written one, copied so that a report can be written into it. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../../harness/paths.ts';
import { readRun, type Run } from '../../../harness/record/reader.ts';
import { RunWriter } from '../../../harness/record/writer.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { exampleEnvironment, examplePlan } from '../record/examples.ts';
import { temporaryFolder } from '../record/temporary.ts';

/** Made up, with every kind of outcome and names that attack the formats; see its README. */
export const everyOutcome = join(packageRoot, 'test/fixtures/runs/every-outcome');

export function readEveryOutcome(): Promise<Run> {
  return readRun(everyOutcome);
}

export async function copyOfEveryOutcome(): Promise<string> {
  const directory = join(await temporaryFolder(), 'run');
  await cp(everyOutcome, directory, { recursive: true });
  return directory;
}

/** A run directory with these records. */
export async function runOf(records: readonly TrialRecord[]): Promise<string> {
  const directory = join(await temporaryFolder(), 'run');
  await using writer = await RunWriter.create(directory, {
    planText: '',
    plan: examplePlan,
    environment: exampleEnvironment({ plannedTrials: records.length }),
  });
  for (const record of records) await writer.append(record);
  return directory;
}
