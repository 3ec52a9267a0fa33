/**
 * The way of a card, in one screen:
 *
 *     plan ──▶ provision ──▶ (sandbox: boot, warm up, measure) ──▶ card.json ──▶ pages
 *
 * The same provision and the same guests as for a run; but nothing is migrated.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hostCProgram } from './debian/host-program.ts';
import { CARD_FILE, readCard, type Card } from './characterize/card.ts';
import { subjectsOf } from './characterize/measure/subjects.ts';
import { EXIT_CODES } from './errors.ts';
import { describeHost, requireMemoryToCharacterize } from './host.ts';
import type { CharacterizeJob, OutputOptions } from './job.ts';
import { cacheDirectory, packageRoot } from './paths.ts';
import type { LoadedPlan } from './plan/load.ts';
import { planTrials } from './plan/order.ts';
import { ownFolders } from './plan/own-folders.ts';
import { Progress } from './progress.ts';
import { provision } from './provision.ts';
import { storageError } from './record/durable.ts';
import { chooseScratch, findSandboxKind, runInside } from './sandbox/enter.ts';
import { writeCardPages } from '../reports/card/index.ts';

export interface CharacterizeRequest {
  readonly loaded: LoadedPlan;
  /** One card goes into it, several into folders of it. */
  readonly directory: string;
  readonly windowsMs: readonly number[];
  /** Keep the cards that are there already; measure what has none. */
  readonly keep?: boolean;
  readonly mirror?: string;
  readonly output: OutputOptions;
  readonly signal: AbortSignal;
}

export interface WrittenCard {
  readonly folder: string;
  readonly card: Card;
  readonly files: readonly string[];
}

export interface CharacterizeOutcome {
  readonly cards: readonly WrittenCard[];
  readonly exitCode: number;
}

/** @throws MigbenchError where nothing could be measured. */
export async function characterizePlan(request: CharacterizeRequest): Promise<CharacterizeOutcome> {
  const { loaded, directory } = request;
  const found = subjectsOf(loaded.plan.cells);
  const subjects = found.map((subject) => ({
    subject,
    folder: found.length === 1 ? directory : join(directory, subject.name),
  }));
  const missing = subjects.filter(
    ({ folder }) => request.keep !== true || !existsSync(join(folder, CARD_FILE)),
  );
  const exitCode = missing.length === 0 ? EXIT_CODES.ok : await measure(request, missing);
  const cards: WrittenCard[] = [];
  for (const { folder } of subjects) {
    const card = await readCard(join(folder, CARD_FILE)).catch((error: unknown) => {
      // What was not measured any more has none.
      if (exitCode === EXIT_CODES.ok) throw error;
      return undefined;
    });
    if (card !== undefined) cards.push({ folder, card, files: await writeCardPages(folder, card) });
  }
  return { cards, exitCode };
}

/** Measure subjects in the sandbox; gives the exit code. */
async function measure(
  request: CharacterizeRequest,
  subjects: CharacterizeJob['subjects'],
): Promise<number> {
  const { loaded, directory, signal, output } = request;
  const cells = subjects.map(({ subject }) => subject.cell);
  requireMemoryToCharacterize(subjects.map(({ subject }) => subject.shape));
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw storageError(error, `make ${directory}`);
  });
  const logPath = join(directory, 'run.log');
  const progress = new Progress(output, logPath);
  for (const warning of loaded.warnings) progress.line(warning);
  const kind = await findSandboxKind(signal);
  const mirror = request.mirror === undefined ? {} : { mirror: request.mirror };
  const trials = planTrials({
    ...loaded.plan,
    cells,
    repetitions: 1,
  });
  const provisions = await provision({
    trials,
    cells: loaded.plan.cells,
    kind,
    progress,
    signal,
    ...mirror,
  });
  const reader = await hostCProgram(
    join(packageRoot, 'harness', 'characterize', 'measure', 'ram-reader.c'),
    { signal, ...mirror },
  );
  const inUse = [
    ...[directory, cacheDirectory(), process.cwd(), packageRoot, process.execPath],
    ...Object.values(provisions.builds).map((build) => build.binary),
    ...ownFolders(cells.map((cell) => ({ cell }))),
  ];
  const { cpuModel, cpus } = describeHost();
  const job: CharacterizeJob = {
    ...{ subjects, kind, output, reader, logPath, ...provisions },
    scratch: chooseScratch(kind.mode, inUse),
    cacheDirectory: cacheDirectory(),
    windowsMs: request.windowsMs,
    host: `${cpus} × ${cpuModel}`,
  };
  return runInside(kind, {
    entry: join(packageRoot, 'dist', 'harness', 'measure.js'),
    job,
    signal,
  });
}
