/** Writing a run directory, so that whatever was reported as recorded survives the death of the program. */
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MigbenchError, systemErrorCode } from '../errors.ts';
import { storageError, syncFolder, writeFileAtomically, writeFully } from './durable.ts';
import {
  ENVIRONMENT_FILE,
  PLAN_FILE,
  RESOLVED_PLAN_FILE,
  RUN_MARKERS,
  TRIALS_FILE,
  trialFolderName,
} from './layout.ts';
import { RunLock } from './lock.ts';
import { openForResume, type ResumeState } from './resume.ts';
import {
  environmentSchema,
  trialRecordSchema,
  type Environment,
  type TrialRecord,
} from './schema.ts';

/** What a new run directory begins with. */
export interface NewRun {
  /** plan.yaml, as its author wrote it. */
  readonly planText: string;
  /** The resolved plan: plain data. */
  readonly plan: unknown;
  readonly environment: Environment;
}

/**
 * The one writer of a run directory. Two at once are refused; a crash loses at most the trial in progress.
 *
 * Open it with `RunWriter.create` or `RunWriter.resume` and `await using`.
 */
export class RunWriter implements AsyncDisposable {
  /** The run directory, absolute. */
  readonly directory: string;
  readonly #lock: RunLock;
  readonly #trials: FileHandle;
  /** Length of trials.jsonl up to the last whole record, in bytes. */
  #length: number;
  #environment: Environment;
  /** Appends and rewrites happen one after the other, whoever asks. */
  #queue: Promise<void> = Promise.resolve();

  private constructor(
    directory: string,
    lock: RunLock,
    trials: FileHandle,
    length: number,
    environment: Environment,
  ) {
    this.directory = directory;
    this.#lock = lock;
    this.#trials = trials;
    this.#length = length;
    this.#environment = environment;
  }

  /**
   * Begin a run in a new or existing folder that holds no run yet.
   *
   * @throws MigbenchError `record` where the folder holds a run or cannot be written.
   */
  static async create(directory: string, run: NewRun): Promise<RunWriter> {
    const path = resolve(directory);
    await makeFolder(path);
    const lock = await lockFolder(path);
    try {
      await refuseExistingRun(path, directory);
      await writeFileAtomically(join(path, PLAN_FILE), run.planText);
      await writeJson(join(path, RESOLVED_PLAN_FILE), run.plan);
      // Last of what a run cannot go on without: a folder that has it is whole.
      await writeJson(join(path, ENVIRONMENT_FILE), environmentSchema.parse(run.environment));
      const trials = await openTrials(path);
      await syncFolder(path);
      return new RunWriter(path, lock, trials, 0, run.environment);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw storageError(error, `start a run in ${directory}`);
    }
  }

  /**
   * Go on with an interrupted run. A torn last line of trials.jsonl is moved to a file of its own (`state.warnings`).
   *
   * @param plan the resolved plan of now; it must equal the one the run began with.
   * @throws MigbenchError `record` where the folder holds no run, or the plan differs (saying in what).
   */
  static async resume(
    directory: string,
    plan: unknown,
  ): Promise<{ readonly writer: RunWriter; readonly state: ResumeState }> {
    const path = resolve(directory);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() !== true) {
      throw new MigbenchError(
        'record',
        `Nothing to resume: ${directory} is not a folder. Start a new run without --resume.`,
      );
    }
    const lock = await lockFolder(path);
    try {
      const state = await openForResume(path, plan);
      const trials = await openTrials(path);
      const { size } = await trials.stat();
      return { writer: new RunWriter(path, lock, trials, size, state.environment), state };
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw storageError(error, `resume the run in ${directory}`);
    }
  }

  /** environment.json as last written. */
  get environment(): Environment {
    return this.#environment;
  }

  /**
   * Append the record of a trial; when this returns, it is on the disk. A later record of the same trial replaces
   * the earlier one for every reader.
   *
   * @throws MigbenchError `internal` for a record that no reader would accept; `record` where it cannot be written
   *   (nothing of it is then left in the file).
   */
  append(record: TrialRecord): Promise<void> {
    const checkedRecord = trialRecordSchema.safeParse(record);
    if (!checkedRecord.success) {
      const issue = checkedRecord.error.issues[0];
      return Promise.reject(
        new MigbenchError(
          'internal',
          `The record of trial ${record.trialId} is malformed: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
        ),
      );
    }
    const line = Buffer.from(`${JSON.stringify(checkedRecord.data)}\n`, 'utf8');
    return this.#enqueue(async () => {
      try {
        await writeFully(this.#trials, line);
        await this.#trials.sync();
        this.#length += line.length;
      } catch (error) {
        await this.#trials.truncate(this.#length).catch(() => undefined);
        throw storageError(error, `record trial ${record.trialId} in ${this.directory}`);
      }
    });
  }

  /** Replace environment.json (a further calibration, an accelerator probed late). */
  updateEnvironment(environment: Environment): Promise<void> {
    return this.#enqueue(async () => {
      await writeJson(join(this.directory, ENVIRONMENT_FILE), environmentSchema.parse(environment));
      this.#environment = environment;
    });
  }

  /** The folder of a trial's artifacts, absolute; created where it is missing. */
  async trialFolder(trialId: string): Promise<string> {
    const path = this.#trialPath(trialId);
    await mkdir(path, { recursive: true }).catch((error: unknown) => {
      throw storageError(error, `create ${path}`);
    });
    return path;
  }

  /** Remove that folder and what is in it, where there is one. */
  async removeTrialFolder(trialId: string): Promise<void> {
    const path = this.#trialPath(trialId);
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      throw storageError(error, `remove ${path}`);
    });
  }

  #trialPath(trialId: string): string {
    const path = join(this.directory, trialFolderName(trialId));
    if (dirname(path) === join(this.directory, 'trials') && !trialId.startsWith('.')) return path;
    throw new MigbenchError('internal', `${JSON.stringify(trialId)} cannot be a folder's name.`);
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue;
    try {
      await this.#trials.close();
    } finally {
      await this.#lock[Symbol.asyncDispose]();
    }
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
    await readdir(path);
  } catch (error) {
    throw storageError(error, `create the run directory ${path}`);
  }
}

/** Not mkdir's own `recursive`: in a file system that refuses new folders with ENOENT (procfs) that never ends. */
async function makeFolders(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT' && dirname(path) !== path) return undefined;
    throw error;
  });
  if (found !== undefined) return;
  await makeFolders(dirname(path));
  await mkdir(path).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  });
}

async function lockFolder(path: string): Promise<RunLock> {
  try {
    return await RunLock.acquire(path);
  } catch (error) {
    throw storageError(error, `write to ${path}`);
  }
}

async function refuseExistingRun(path: string, given: string): Promise<void> {
  const names = new Set(await readdir(path));
  if (!RUN_MARKERS.some((name) => names.has(name))) return;
  throw new MigbenchError(
    'record',
    `${given} already holds a run. Continue it with --resume ${given}, or choose another folder with --out.`,
  );
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

async function openTrials(directory: string): Promise<FileHandle> {
  const path = join(directory, TRIALS_FILE);
  try {
    return await open(path, 'a', 0o644);
  } catch (error) {
    if (systemErrorCode(error) === 'EISDIR') {
      throw new MigbenchError('record', `${path} is a folder; it must be a file.`, {
        cause: error,
      });
    }
    throw error;
  }
}
