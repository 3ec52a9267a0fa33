/**
 * The way of a validation, in one screen:
 *
 *     plan ──▶ characterize ──▶ cards ─────────────┐
 *      ├─────▶ calibrate (idle) ──▶ calibration ───┼──▶ predict ──▶ compare ──▶ validation
 *      └─────▶ run (migrate for real) ─▶ record ───┘
 *
 * Each step is in a folder of its own, and one that is there already is not done again: an interrupted validation goes
 * on where it was, and the comparison alone needs no QEMU.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { calibrationSchema, CALIBRATION_FILE, nearestCosts } from './characterize/calibration.ts';
import { calibrationsOf, type GuestCalibration } from './characterize/calibrations.ts';
import { CARD_FILE, readCard, type Card } from './characterize/card.ts';
import { DEFAULT_WINDOWS_MS } from './characterize/measure/schedule.ts';
import {
  ownErrorOf,
  postcopyStarts,
  validate,
  withOwnErrors,
  type CardForUse,
  type Validation,
} from './characterize/validation.ts';
import { characterizePlan } from './characterize-pipeline.ts';
import { EXIT_CODES, MigbenchError } from './errors.ts';
import { validationExitCode } from './exit-code.ts';
import type { OutputOptions } from './job.ts';
import type { LoadedPlan } from './plan/load.ts';
import { runPlan, type RunOutcome } from './pipeline.ts';
import { storageError, writeFileAtomically } from './record/durable.ts';
import { ENVIRONMENT_FILE } from './record/layout.ts';
import { checked } from './record/parse.ts';
import { readJsonFile, readRun } from './record/reader.ts';
import type { TrialRecord } from './record/schema.ts';
import { writeCardPages } from '../reports/card/index.ts';
import { validationMarkdown } from '../reports/card/validation.ts';

export interface ValidateRequest {
  readonly plan: LoadedPlan;
  /** Of idle guests alike those of the plan. */
  readonly calibrationPlan: LoadedPlan;
  readonly directory: string;
  /** Cards that are there already: a directory with one, or with folders that have one each. */
  readonly cards?: string;
  /** Runs that were migrated already. */
  readonly run?: string;
  readonly calibration?: string;
  readonly timeLimitMs?: number;
  readonly mirror?: string;
  readonly output: OutputOptions;
  readonly signal: AbortSignal;
}

export interface ValidateOutcome {
  readonly validation?: Validation;
  /** What the comparison has against itself. */
  readonly warnings?: readonly string[];
  readonly exitCode: number;
}

/** @throws MigbenchError where a step cannot be done at all. */
export async function validatePlan(request: ValidateRequest): Promise<ValidateOutcome> {
  const { directory } = request;
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw storageError(error, `make ${directory}`);
  });
  const cardFolder = request.cards ?? join(directory, 'cards');
  const characterized = await characterizeAll(request, cardFolder);
  if (characterized !== EXIT_CODES.ok) return { exitCode: characterized };
  const cards = await readCards(cardFolder);
  const own: TrialRecord[] = [];
  if (request.calibration === undefined) {
    const folder = join(directory, 'calibration');
    const { exitCode, run } = await runAll(request, request.calibrationPlan, folder);
    if (exitCode !== EXIT_CODES.ok) return { exitCode };
    own.push(...run.records);
  }
  // Before the plan, which may take hours: without a calibration there is nothing to compare.
  const calibrations = await calibrateAll(request, cards);
  if (request.run === undefined) {
    const { exitCode, run } = await runAll(request, request.plan, join(directory, 'run'));
    if (exitCode !== EXIT_CODES.ok) return { exitCode };
    own.push(...run.records);
  }
  const { records, plan } = await readRun(request.run ?? join(directory, 'run'));
  const createdAt = new Date().toISOString();
  const source = `validated ${createdAt.slice(0, 10)} on ${describe(records)}`;
  const { cards: usable, warnings } = forUse(cards, calibrations);
  const validation = validate(records, usable, postcopyStarts(plan.cells));
  if (validation.trials.length === 0) {
    const why = Object.entries(validation.leftOut).map(([reason, count]) => `${count} ${reason}`);
    throw new MigbenchError(
      'record',
      `No migration could be compared with a prediction: ${why.join('; ')}. Cards and run have to be of the same workload, ` +
        'parameters, guest, QEMU version and accelerator.',
    );
  }
  const summary = ownErrorOf(validation.trials, source);
  await writeFileAtomically(
    join(directory, 'validation.json'),
    `${JSON.stringify({ schemaVersion: 1, createdAt, summary, ...validation, warnings }, null, 2)}\n`,
  );
  await writeFileAtomically(
    join(directory, 'validation.md'),
    validationMarkdown(validation, source),
  );
  for (const { folder, card } of cards) {
    const known = withOwnErrors(card, validation, createdAt.slice(0, 10));
    await writeFileAtomically(join(folder, CARD_FILE), `${JSON.stringify(known, null, 2)}\n`);
    await writeCardPages(folder, known);
  }
  return { validation, warnings, exitCode: validationExitCode(own) };
}

interface FoundCard {
  readonly folder: string;
  readonly card: Card;
}

async function characterizeAll(request: ValidateRequest, folder: string): Promise<number> {
  if (request.cards !== undefined) return EXIT_CODES.ok;
  const { exitCode } = await characterizePlan({
    ...request,
    loaded: withIdle(request),
    directory: folder,
    windowsMs: DEFAULT_WINDOWS_MS,
    keep: true,
  });
  return exitCode;
}

/** The plan with the calibration's guests, whose cards it needs as well. */
function withIdle({ plan, calibrationPlan }: ValidateRequest): LoadedPlan {
  const cells = [...plan.plan.cells, ...calibrationPlan.plan.cells];
  return {
    ...plan,
    plan: { ...plan.plan, cells },
    definitions: new Map([...plan.definitions, ...calibrationPlan.definitions]),
  };
}

async function readCards(folder: string): Promise<FoundCard[]> {
  const names = existsSync(join(folder, CARD_FILE))
    ? ['']
    : (await readdir(folder).catch(() => [])).filter((name) =>
        existsSync(join(folder, name, CARD_FILE)),
      );
  if (names.length === 0) throw new MigbenchError('record', `${folder} holds no workload cards.`);
  return Promise.all(
    names.map(async (name) => ({
      folder: join(folder, name),
      card: await readCard(join(folder, name)),
    })),
  );
}

async function runAll(
  request: ValidateRequest,
  loaded: LoadedPlan,
  folder: string,
): Promise<RunOutcome> {
  const { output, signal, timeLimitMs, mirror } = request;
  const { exitCode, run } = await runPlan({
    ...{ loaded, output, signal },
    runDirectory: folder,
    resume: existsSync(join(folder, ENVIRONMENT_FILE)),
    retry: [],
    keepFailed: false,
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
    ...(mirror === undefined ? {} : { mirror }),
  });
  // Trials that failed are left out of the comparison, and counted there.
  const { ok, trialFailed, gate, untrusted } = EXIT_CODES;
  const isWhole = new Set<number>([ok, trialFailed, gate, untrusted]).has(exitCode);
  return { run, exitCode: isWhole && run.records.length > 0 ? ok : exitCode };
}

/** Calibrate, and keep what came out: calibration.json, and where there are several guests or builds others beside it. */
async function calibrateAll(
  request: ValidateRequest,
  cards: readonly FoundCard[],
): Promise<readonly GuestCalibration[]> {
  const { directory } = request;
  const { records } = await readRun(request.calibration ?? join(directory, 'calibration'));
  const found = calibrationsOf(
    records,
    cards.map(({ card }) => card),
    new Date().toISOString(),
  );
  for (const [index, { card, calibration }] of found.entries()) {
    const name =
      index === 0 ? CALIBRATION_FILE : `calibration-${guestName(card, found[0]?.card)}.json`;
    await writeFileAtomically(join(directory, name), `${JSON.stringify(calibration, null, 2)}\n`);
    checked(calibrationSchema, await readJsonFile(join(directory, name)), name);
  }
  return found;
}

/** Of a guest, what tells it from the first. */
function guestName(card: Card, first: Card | undefined): string {
  const { guest, qemu, accelerator } = card;
  const isOther =
    guest.memoryBytes !== first?.guest.memoryBytes || guest.vcpus !== first.guest.vcpus;
  return [
    qemu.version,
    ...(isOther ? [`${guest.memoryBytes / 1024 / 1024}MiB`, `${guest.vcpus}vcpu`] : []),
    ...(accelerator === first?.accelerator ? [] : [accelerator]),
  ].join('-');
}

function forUse(
  cards: readonly FoundCard[],
  calibrations: readonly GuestCalibration[],
): { readonly cards: readonly CardForUse[]; readonly warnings: readonly string[] } {
  const found = cards.flatMap(({ card }) => {
    const costs = nearestCosts(
      card,
      calibrations.map(({ calibration }) => calibration),
    );
    return costs === undefined ? [] : [{ card, ...costs }];
  });
  return {
    cards: found.map(({ card, costs }) => ({ card, costs })),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

function describe(records: readonly TrialRecord[]): string {
  const distinct = (of: (record: TrialRecord) => string | undefined) =>
    [...new Set(records.map(of).filter((value) => value !== undefined))].join(', ');
  return (
    `${distinct(({ labels }) => labels.workload)} with QEMU ${distinct(({ qemu }) => qemu.source.version)} ` +
    `under ${distinct(({ accelerator }) => accelerator?.toUpperCase())}`
  );
}
