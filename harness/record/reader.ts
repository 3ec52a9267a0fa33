/** Reading a run directory: what the reporting half knows of a run, and all it knows. */
import { readFile, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { MigbenchError, systemErrorCode } from '../errors.ts';
import { storageError } from './durable.ts';
import { ENVIRONMENT_FILE, RESOLVED_PLAN_FILE, TRIALS_FILE } from './layout.ts';
import { checked, parseJson } from './parse.ts';
import {
  environmentSchema,
  timelineSampleSchema,
  type Environment,
  type TimelineSample,
  type TrialRecord,
} from './schema.ts';
import { latestRecords, readTrialLines } from './trials.ts';

/** What reports need of plan.resolved.json; its other fields are kept, unchecked. */
const runPlanSchema = z.looseObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  cells: z.array(
    z.looseObject({
      id: z.string(),
      labels: z.object({
        workload: z.string(),
        setting: z.string(),
        link: z.string(),
        guest: z.string(),
        qemu: z.string(),
      }),
      expect: z.string().optional(),
    }),
  ),
  repetitions: z.number(),
  seed: z.number(),
  thresholds: z.array(z.string()),
});

/** The resolved plan, as far as the reporting half looks at it. */
export type RunPlan = z.infer<typeof runPlanSchema>;

export interface Run {
  /** The run directory, as given. */
  readonly directory: string;
  readonly environment: Environment;
  readonly plan: RunPlan;
  /** One per trial that has one, in the order of their first records; retried trials with their latest. */
  readonly records: readonly TrialRecord[];
  /** What is wrong with the directory, though not so wrong that it cannot be read. */
  readonly warnings: readonly string[];
}

/**
 * Read a run directory. An unfinished run is a run: it has fewer records.
 *
 * @throws MigbenchError `record` where it is not a run directory, or a file of it is damaged (naming file and line).
 */
export async function readRun(directory: string): Promise<Run> {
  const { environment, plan, hasTrials } = await readRunHeader(directory);
  if (!hasTrials) return { directory, environment, plan, records: [], warnings: [] };
  const trialsPath = join(directory, TRIALS_FILE);
  const { records, torn } = await latestRecords(readTrialLines(trialsPath));
  const warnings =
    torn === undefined
      ? []
      : [
          `${TRIALS_FILE}:${torn.number}: the last line is incomplete and was ignored: the run was interrupted while ` +
            'writing it. Continue the run with --resume to repeat that trial.',
        ];
  return { directory, environment, plan, records: [...records.values()], warnings };
}

/**
 * A run directory without its trials, which can then be streamed.
 *
 * @throws MigbenchError `record` as `readRun`.
 */
export async function readRunHeader(directory: string): Promise<{
  readonly environment: Environment;
  readonly plan: RunPlan;
  /** Whether trials.jsonl is there: a run that was interrupted early has none. */
  readonly hasTrials: boolean;
}> {
  await assertRunDirectory(directory);
  const environment = await readEnvironment(directory);
  const planPath = join(directory, RESOLVED_PLAN_FILE);
  const plan = checked(runPlanSchema, await readJsonFile(planPath), planPath);
  return { environment, plan, hasTrials: await isFile(join(directory, TRIALS_FILE)) };
}

/** RUN/environment.json. */
export async function readEnvironment(directory: string): Promise<Environment> {
  const path = join(directory, ENVIRONMENT_FILE);
  return checked(environmentSchema, await readJsonFile(path), path);
}

/**
 * The timeline of a trial; empty where none was recorded. A torn last line is left out.
 *
 * @throws MigbenchError `record` where the file is damaged, or the record names a file outside the run directory.
 */
export async function readTimeline(
  directory: string,
  record: Pick<TrialRecord, 'artifacts'>,
): Promise<readonly TimelineSample[]> {
  const name = record.artifacts['timeline'];
  // A trial's folder may still hold the timeline of an attempt before this one.
  if (name === undefined) return [];
  const path = artifactPath(directory, name);
  if (!(await isFile(path))) return [];
  // Whole: a timeline is small, and there may be thousands of them.
  const lines = (await readFile(path, 'utf8')).split('\n');
  const unterminated = lines.pop() ?? '';
  const samples = lines.map((line, index) => {
    const parsed = parseJson(line);
    const where = `${path}:${index + 1}`;
    if (parsed === undefined) throw new MigbenchError('record', `${where}: not JSON.`);
    return checked(timelineSampleSchema, parsed.value, where);
  });
  const last = unterminated === '' ? undefined : parseJson(unterminated);
  if (last !== undefined) {
    samples.push(checked(timelineSampleSchema, last.value, `${path}:${lines.length + 1}`));
  }
  return samples;
}

/** A run directory may come from someone else: its records must not make us read other files. */
function artifactPath(directory: string, name: string): string {
  const path = resolve(directory, name);
  const inside = relative(resolve(directory), path);
  if (inside === '..' || inside.startsWith('../') || isAbsolute(inside)) {
    throw new MigbenchError(
      'record',
      `${join(directory, TRIALS_FILE)}: a record names the file ${name}, which is outside the run directory.`,
    );
  }
  return path;
}

async function assertRunDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') {
      throw new MigbenchError(
        'record',
        `${directory} does not exist. Give a run directory, as \`migbench run\` writes it (by default under runs/).`,
      );
    }
    throw storageError(error, `read ${directory}`);
  });
  if (!found.isDirectory()) {
    throw new MigbenchError(
      'record',
      `${directory} is a file. Give the run directory that holds it (a folder with ${TRIALS_FILE} in it).`,
    );
  }
  const missing = [];
  for (const name of [ENVIRONMENT_FILE, RESOLVED_PLAN_FILE]) {
    if (!(await isFile(join(directory, name)))) missing.push(name);
  }
  if (missing.length === 0) return;
  const hint =
    basename(resolve(directory)) === 'report'
      ? ` It looks like a report: give the folder above it, ${join(directory, '..')}.`
      : ' Give a folder that `migbench run` wrote.';
  throw new MigbenchError(
    'record',
    `${directory} is not a run directory: it has no ${missing.join(' and no ')}.${hint}`,
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** The JSON of a file, unchecked. */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw storageError(error, `read ${path}`);
  });
  const parsed = parseJson(text);
  if (parsed === undefined) {
    throw new MigbenchError(
      'record',
      `${path}: not JSON. The file was damaged or edited: restore it.`,
    );
  }
  return parsed.value;
}
