/**
 * The workload card, card.json: what a workload needs of a migration, measured without one. Fields are only ever
 * added; an absent field is unknown or not applicable, never 0.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MigbenchError, messageOf, systemErrorCode } from '../errors.ts';
import { checked, parseJson } from '../record/parse.ts';
import { settingNames } from './conditions.ts';

export const CARD_FILE = 'card.json';
export const CARD_SCHEMA_VERSION = 1;

const spread = z.object({
  n: z.number().int().positive(),
  median: z.number().nonnegative(),
  low: z.number().nonnegative(),
  high: z.number().nonnegative(),
  independent: z.number().int().nonnegative().optional(),
});
const range = z.object({ low: z.number(), expected: z.number(), high: z.number().optional() });
const count = z.number().int().nonnegative();
const convergence = z.enum(['yes', 'coin flip', 'no']);

/** What a migration would take: plain pre-copy where it is a requirement, the recommended mode elsewhere. */
const costShape = {
  totalTimeMs: range.optional(),
  bytes: range.optional(),
  downtimeMs: range.optional(),
  /** Why these lie outside of what was measured; absent where they do not, and on cards of before. */
  extrapolated: z.array(z.string()).optional(),
};

const ownErrorSchema = z.object({
  /** When and on what it was found, in words. */
  source: z.string(),
  trials: z.number().int().nonnegative(),
  /** Of |predicted − measured| / measured, %; of the downtime in ms as well. */
  totalTimePercent: z.object({ median: z.number(), p90: z.number() }).optional(),
  bytesPercent: z.object({ median: z.number(), p90: z.number() }).optional(),
  downtimePercent: z.object({ median: z.number(), p90: z.number() }).optional(),
  downtimeMs: z.object({ median: z.number(), p90: z.number() }).optional(),
  /** Convergence that was called wrongly, of those called yes or no. */
  wrongCalls: z.number().int().nonnegative(),
  calls: z.number().int().nonnegative(),
  coinFlips: z.number().int().nonnegative(),
  /** By call: how many migrations completed, and how many did not within their deadline. */
  confusion: z.record(convergence, z.tuple([count, count])).optional(),
});
export type OwnError = z.infer<typeof ownErrorSchema>;

const shape = z.object({
  schemaVersion: z.literal(CARD_SCHEMA_VERSION),
  workload: z.string(),
  workloadParams: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  guest: z.object({
    memoryBytes: z.number().positive(),
    vcpus: z.number().int().positive(),
    machineType: z.string(),
    cpu: z.string(),
  }),
  qemu: z.object({ reference: z.string(), version: z.string(), package: z.string() }),
  accelerator: z.enum(['kvm', 'tcg']),
  /** RFC 3339, UTC. */
  createdAt: z.string(),
  /** How the dirty curve was measured. */
  method: z.string(),
  dirtyCurve: z
    .array(z.object({ windowMs: z.number().positive(), uniqueDirtyBytes: spread }))
    .min(1),
  /** Unique bytes dirtied in the longest window. */
  workingSetBytes: z.number().nonnegative(),
  nonZeroBytes: z.number().nonnegative(),
  /** Of all of the guest's memory. */
  zeroFraction: z.number().min(0).max(1),
  /** Uncompressed over compressed, zlib level 1, of non-zero pages in groups as multifd forms them. */
  compressionRatio: z.number().positive().optional(),
  /** Of a page that was dirtied twice 1 s apart: what telling the difference takes. */
  deltaBytesPerDirtyPage: z.number().nonnegative().optional(),
  /** Memory that was read or written within `touchedWindowMs`. */
  touchedBytes: z.number().nonnegative().optional(),
  /** Of each vCPU. */
  cpuBusyPercent: z.array(z.number().nonnegative()),
  requiredBandwidth: z.array(
    z.object({
      downtimeLimitMs: z.number(),
      bitsPerSecond: z.number(),
      /** A migration over a link of 1.25 times that bandwidth. */
      ...costShape,
    }),
  ),
  requiredDowntime: z.array(
    z.object({
      bandwidthBitsPerSecond: z.number(),
      ms: z.number(),
      /** A migration by the recommended mode with a downtime limit of 300 ms. */
      recommended: z.enum([...settingNames, 'do-not-move']),
      /** Of multifd. */
      channels: z.number().int().positive().optional(),
      why: z.string(),
      ...costShape,
    }),
  ),
  phases: z.object({
    kind: z.enum(['steady', 'phases', 'drift', 'unknown']),
    detail: z.string(),
    /** D of a window of this length, over the time of the measurement. */
    windowMs: z.number().optional(),
    /** Levels of the phases, or the first and the last of a drift; bytes. */
    levels: z.array(z.number()).optional(),
  }),
  /** Of the workload's throughput, lost over the measurement; absent for a guest without a load. */
  disturbancePercent: z.number().optional(),
  warnings: z.array(z.string()),
  // Added after the first contract.
  migbench: z.string().optional(),
  title: z.string().optional(),
  host: z.string().optional(),
  /** Host memory that the guest held. */
  footprintBytes: z.number().optional(),
  touchedWindowMs: z.number().optional(),
  /** Where memory is not zero: of the last so many bytes by address. QEMU sends them last. */
  tails: z.array(z.object({ bytes: z.number(), nonZeroBytes: z.number() })).optional(),
  progressUnit: z.string().optional(),
  progressPerSecond: z.number().optional(),
  measuredForMs: z.number().optional(),
  /** One reading of all memory as fast as it goes. */
  scanMs: z.number().optional(),
  /** zlib level 1 on this host, one thread, of these pages. */
  zlibBytesPerSecond: z.number().optional(),
  dirtyCompressionRatio: z.number().optional(),
  /** The same by other methods. */
  crossChecks: z
    .array(
      z.object({
        method: z.string(),
        windowMs: z.number(),
        uniqueDirtyBytes: spread,
        /** Against the dirty curve at this window. */
        differencePercent: z.number().optional(),
        note: z.string().optional(),
      }),
    )
    .optional(),
  /** How far off predictions of plain pre-copy from such cards were, by `validate`. */
  ownError: ownErrorSchema.optional(),
  /** The same of other settings, by their names. */
  ownErrorBySetting: z.partialRecord(z.enum(settingNames), ownErrorSchema).optional(),
  /** Of the workload's throughput, lost while memory is being read; bounds of 95 %. */
  readingLossPercent: z
    .object({ pairs: count, low: z.number(), expected: z.number(), high: z.number() })
    .optional(),
});

/** What no measurement gives, though every field by itself might be. */
export const cardSchema = shape.superRefine((card, context) => {
  const refuse = (path: (string | number)[], message: string): void => {
    context.addIssue({ code: 'custom', path, message });
  };
  if (card.nonZeroBytes > card.guest.memoryBytes)
    refuse(['nonZeroBytes'], 'more than the guest’s memory');
  for (const [index, { windowMs, uniqueDirtyBytes }] of card.dirtyCurve.entries()) {
    const { low, median, high } = uniqueDirtyBytes;
    const path = ['dirtyCurve', index];
    if (low > median || median > high) refuse([...path, 'uniqueDirtyBytes'], 'out of order');
    if (windowMs <= (card.dirtyCurve[index - 1]?.windowMs ?? 0))
      refuse([...path, 'windowMs'], 'not longer than the window before');
  }
});

export type Card = z.infer<typeof cardSchema>;

/**
 * Read a card, or the card in a directory of `characterize`.
 *
 * @throws MigbenchError `record` where there is none, or it is damaged, saying where.
 */
export async function readCard(path: string): Promise<Card> {
  const file = (await isFolder(path)) ? join(path, CARD_FILE) : path;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new MigbenchError(
      'record',
      systemErrorCode(error) === 'ENOENT'
        ? `${file}: there is no workload card. Make one: migbench characterize WORKLOAD --out DIR`
        : `${file}: the card cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const parsed = parseJson(text);
  if (parsed === undefined) {
    throw new MigbenchError(
      'record',
      `${file}: not JSON: the card is damaged, or this is no card. Make it anew with migbench characterize.`,
    );
  }
  return checked(cardSchema, parsed.value, file);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
