/** How good predictions are: each migration of a run against what its workload's card predicts of it. */
import { z } from 'zod';
import type { TrialRecord } from '../record/schema.ts';
import { percentileOf } from '../analysis/numbers.ts';
import type { Card, OwnError } from './card.ts';
import type { Conditions, HostCosts, SettingName } from './conditions.ts';
import { predict, type Convergence, type Prediction } from './predict.ts';
import { workloadOf } from './recommend.ts';

/** One migration, predicted and measured. */
export interface ValidatedTrial {
  readonly trialId: string;
  readonly cellId: string;
  readonly workload: string;
  readonly qemu: string;
  readonly accelerator: Card['accelerator'];
  readonly setting: SettingName;
  readonly bandwidthBitsPerSecond: Conditions['bandwidthBitsPerSecond'];
  readonly downtimeLimitMs: number;
  /** Within the trial's deadline. */
  readonly call: Convergence;
  readonly prediction: Prediction;
  readonly converged: boolean;
  /** Of a trial that completed. */
  readonly measured?: {
    readonly totalTimeMs: number;
    readonly bytes: number;
    readonly downtimeMs: number;
    readonly passes?: number;
  };
}

export interface Validation {
  readonly trials: readonly ValidatedTrial[];
  /** Trials that could not be compared, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** A card with the costs of the hosts it is used for. */
export interface CardForUse {
  readonly card: Card;
  readonly costs: HostCosts;
}

const startSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('now') }),
  z.object({ kind: z.literal('passes'), passes: z.number() }),
  z.object({ kind: z.literal('time'), timeMs: z.number() }),
]);
const postcopySchema = z.object({ postcopy: z.object({ startAfter: startSchema }) });
type Start = z.infer<typeof startSchema>;

/** When a cell's migrations become post-copy, by the cell's id: its records do not say. */
export type PostcopyStarts = ReadonlyMap<string, Start>;

/** @param cells of a run's plan.resolved.json */
export function postcopyStarts(
  cells: readonly { readonly id: string; readonly [key: string]: unknown }[],
): PostcopyStarts {
  return new Map(
    cells.flatMap((cell) => {
      const { data } = postcopySchema.safeParse(cell['spec']);
      return data === undefined ? [] : [[cell.id, data.postcopy.startAfter] as const];
    }),
  );
}

/** Compare what can be compared; everything else is counted. */
export function validate(
  records: readonly TrialRecord[],
  cards: readonly CardForUse[],
  postcopy: PostcopyStarts = new Map(),
): Validation {
  const trials: ValidatedTrial[] = [];
  const leftOut: Record<string, number> = {};
  for (const record of records) {
    const compared = compare(record, cards, postcopy);
    if (typeof compared === 'string') leftOut[compared] = (leftOut[compared] ?? 0) + 1;
    else trials.push(compared);
  }
  return { trials, leftOut };
}

function compare(
  record: TrialRecord,
  cards: readonly CardForUse[],
  postcopy: PostcopyStarts,
): ValidatedTrial | string {
  const { kind } = record.outcome;
  if (kind !== 'completed' && kind !== 'not-converged') return kind;
  const found = cards.find(({ card }) => isOf(card, record));
  if (found === undefined) return 'no card of this workload, guest, QEMU and accelerator';
  const conditions = conditionsOf(record, postcopy.get(record.cellId));
  if (conditions === undefined) return 'a setting or a link that is not predicted';
  const prediction = predict(workloadOf(found.card), conditions, found.costs);
  const { totalTimeMs, transferredBytes, downtimeMs, passes } = record.measurements;
  const isWhole =
    kind === 'completed' && ![totalTimeMs, transferredBytes, downtimeMs].includes(undefined);
  return {
    trialId: record.trialId,
    cellId: record.cellId,
    workload: record.labels.workload,
    qemu: record.qemu.source.version,
    accelerator: found.card.accelerator,
    setting: conditions.setting,
    bandwidthBitsPerSecond: conditions.bandwidthBitsPerSecond,
    downtimeLimitMs: conditions.downtimeLimitMs,
    call: callWithin(prediction, record.deadlineMs),
    prediction,
    converged: kind === 'completed',
    ...(isWhole
      ? {
          measured: {
            totalTimeMs: totalTimeMs ?? 0,
            bytes: transferredBytes ?? 0,
            downtimeMs: downtimeMs ?? 0,
            ...(passes === undefined ? {} : { passes }),
          },
        }
      : {}),
  };
}

/** Whether a card is of what a trial migrated: workload, parameters, guest, QEMU version, accelerator. */
export function isOf(card: Card, record: TrialRecord): boolean {
  const parameters = record.workload.parameters;
  const names = new Set([...Object.keys(parameters), ...Object.keys(card.workloadParams)]);
  return (
    card.workload === record.workload.id &&
    [...names].every((name) => parameters[name] === card.workloadParams[name]) &&
    card.guest.memoryBytes === record.guest.memoryBytes &&
    card.guest.vcpus === record.guest.vcpus &&
    card.qemu.version === record.qemu.source.version &&
    card.accelerator === record.accelerator
  );
}

/** Under what a trial migrated; `undefined` where the model does not know its setting. */
export function conditionsOf(record: TrialRecord, start?: Start): Conditions | undefined {
  const effective = record.effective?.source ?? record.requested;
  const asked = record.requested.capabilities;
  const on = Object.keys(asked).filter((name) => asked[name] === true);
  const setting = settingOf(on, effective.parameters['multifd-compression']);
  const limit = effective.parameters['downtime-limit'];
  if (setting === undefined || typeof limit !== 'number') return undefined;
  const { link } = record;
  if (!isPlain(record)) return undefined;
  const cap = effective.parameters['max-bandwidth'];
  const channels = effective.parameters['multifd-channels'];
  const switchover = effective.parameters['avail-switchover-bandwidth'];
  const cache = effective.parameters['xbzrle-cache-size'];
  return {
    setting,
    bandwidthBitsPerSecond: link.bandwidthBitsPerSecond,
    downtimeLimitMs: limit,
    ...(typeof cap === 'number' && cap > 0 ? { maxBandwidthBytesPerSecond: cap } : {}),
    ...(typeof channels === 'number' ? { channels } : {}),
    ...(typeof switchover === 'number' && switchover > 0
      ? { switchoverBytesPerSecond: switchover }
      : {}),
    ...(typeof cache === 'number' ? { xbzrleCacheBytes: cache } : {}),
    ...(setting === 'postcopy' && start !== undefined ? { leaveAfter: leaveAfter(start) } : {}),
  };
}

/** Whether a trial's way is one that the model knows: live, without another stream, TLS, a cut, delay or loss. */
export function isPlain({ link, transport, details }: TrialRecord): boolean {
  const { competingBitsPerSecond: competing = 0, delayUs = 0, lossPercent = 0 } = link;
  if (competing > 0 || delayUs > 0 || lossPercent > 0) return false;
  return transport !== 'tls' && transport !== 'file' && details?.['outage'] === undefined;
}

function leaveAfter(start: Start): NonNullable<Conditions['leaveAfter']> {
  if (start.kind === 'passes') return { passes: start.passes };
  return { timeMs: start.kind === 'time' ? start.timeMs : 0 };
}

function settingOf(capabilities: readonly string[], compression: unknown): SettingName | undefined {
  const key = [...capabilities].sort().join('+');
  if (key === '') return 'precopy';
  if (key === 'auto-converge' || key === 'xbzrle') return key;
  if (key === 'postcopy-ram') return 'postcopy';
  if (key !== 'multifd') return undefined;
  if (compression === undefined || compression === 'none') return 'multifd';
  return compression === 'zlib' ? 'multifd-zlib' : undefined;
}

/** A migration that ends, but after the deadline, has not converged within it. */
function callWithin({ convergence, totalTimeMs }: Prediction, deadlineMs: number): Convergence {
  if (convergence === 'no' || totalTimeMs === undefined) return convergence;
  if (totalTimeMs.low > deadlineMs) return 'no';
  return (totalTimeMs.high ?? Number.POSITIVE_INFINITY) > deadlineMs ? 'coin flip' : convergence;
}

/** The predictor's error in the terms of a card. `source` says when and on what. */
export function ownErrorOf(trials: readonly ValidatedTrial[], source: string): OwnError {
  const errors = trials.flatMap((trial) => errorsOf(trial) ?? []);
  const figures = (pick: (error: TrialError) => number | undefined) =>
    medianAndP90(errors.map(pick).filter((value) => value !== undefined));
  const called = trials.filter(({ call }) => call !== 'coin flip');
  const optional = {
    totalTimePercent: figures(({ totalTimePercent }) => Math.abs(totalTimePercent)),
    bytesPercent: figures(({ bytesPercent }) => Math.abs(bytesPercent)),
    downtimePercent: figures(({ downtimePercent }) => Math.abs(downtimePercent)),
    downtimeMs: figures(({ downtimeMs }) => Math.abs(downtimeMs)),
  };
  return {
    source,
    trials: trials.length,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<OwnError>),
    wrongCalls: called.filter(({ call, converged }) => (call === 'yes') !== converged).length,
    calls: called.length,
    coinFlips: trials.length - called.length,
    confusion: confusionOf(trials),
  };
}

/**
 * A card with what trials with its QEMU and accelerator say of predictions: plain pre-copy, and each other setting that
 * was tried. What it says of settings that were not stays.
 */
export function withOwnErrors(card: Card, validation: Validation, date: string): Card {
  const own = validation.trials.filter(
    ({ qemu, accelerator }) => qemu === card.qemu.version && accelerator === card.accelerator,
  );
  const source = (trials: readonly ValidatedTrial[]) =>
    `validated ${date} on ${[...new Set(trials.map(({ workload }) => workload))].join(', ')} with QEMU ` +
    `${card.qemu.version} under ${card.accelerator.toUpperCase()}`;
  const errors = [...new Set(own.map(({ setting }) => setting))].map((setting) => {
    const trials = own.filter((trial) => trial.setting === setting);
    return [setting, ownErrorOf(trials, source(trials))] as const;
  });
  const plain = errors.find(([setting]) => setting === 'precopy')?.[1];
  const others = Object.fromEntries(errors.filter(([setting]) => setting !== 'precopy'));
  return {
    ...card,
    ...(plain === undefined ? {} : { ownError: plain }),
    ...(Object.keys(others).length === 0
      ? {}
      : { ownErrorBySetting: { ...card.ownErrorBySetting, ...others } }),
  };
}

export interface TrialError {
  /** (predicted − measured) / measured, %. */
  readonly totalTimePercent: number;
  readonly bytesPercent: number;
  readonly downtimePercent: number;
  /** Predicted − measured. */
  readonly downtimeMs: number;
}

/** `undefined` where the trial did not complete, or was predicted not to. */
export function errorsOf({ prediction, measured }: ValidatedTrial): TrialError | undefined {
  const { totalTimeMs, bytes, downtimeMs } = prediction;
  if (measured === undefined || totalTimeMs === undefined) return undefined;
  if (bytes === undefined || downtimeMs === undefined) return undefined;
  const percent = (predicted: number, actual: number) => (100 * (predicted - actual)) / actual;
  return {
    totalTimePercent: percent(totalTimeMs.expected, measured.totalTimeMs),
    bytesPercent: percent(bytes.expected, measured.bytes),
    downtimePercent: percent(downtimeMs.expected, Math.max(1, measured.downtimeMs)),
    downtimeMs: downtimeMs.expected - measured.downtimeMs,
  };
}

function medianAndP90(values: readonly number[]): { median: number; p90: number } | undefined {
  if (values.length === 0) return undefined;
  const ascending = values.toSorted((one, other) => one - other);
  return { median: percentileOf(ascending, 0.5), p90: percentileOf(ascending, 0.9) };
}

/** How often each call met each outcome: rows `yes`, `coin flip`, `no`; `[completed, not-converged]`. */
export function confusionOf(
  trials: readonly ValidatedTrial[],
): Record<Convergence, [number, number]> {
  const of = (call: Convergence): [number, number] => {
    const own = trials.filter((trial) => trial.call === call);
    const completed = own.filter(({ converged }) => converged).length;
    return [completed, own.length - completed];
  };
  return { yes: of('yes'), 'coin flip': of('coin flip'), no: of('no') };
}
