/** What the two hosts cost, as `validate` measured it: calibration.json, beside assumptions where there is none. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MigbenchError, messageOf } from '../errors.ts';
import { checked, parseJson } from '../record/parse.ts';
import { formatBytes } from '../units.ts';
import type { Card } from './card.ts';
import { assumedCosts, costsFromCard, type HostCosts } from './conditions.ts';

export const CALIBRATION_FILE = 'calibration.json';

export const calibrationSchema = z.object({
  schemaVersion: z.literal(1),
  createdAt: z.string(),
  /** On what it rests, in words. */
  source: z.string(),
  accelerator: z.enum(['kvm', 'tcg']),
  deviceMs: z.object({ low: z.number(), expected: z.number(), high: z.number() }),
  setupMs: z.number(),
  streamBytesPerSecond: z.number().positive(),
  zeroPagesPerSecond: z.number().positive(),
  socketBytes: z.number().nonnegative(),
  /** Migrations that it rests on. */
  trials: z.number().int().positive(),
  /** Of the idle guest's QEMU; absent in calibrations of before. */
  qemuVersion: z.string().optional(),
  /** The idle guest; absent in calibrations of before. */
  guest: z
    .object({ memoryBytes: z.number().positive(), vcpus: z.number().int().positive() })
    .optional(),
});
export type Calibration = z.infer<typeof calibrationSchema>;

/** What of a card says which calibration is of its kind. */
type CalibratedCard = Pick<
  Card,
  'zlibBytesPerSecond' | 'accelerator' | 'guest' | 'qemu' | 'title' | 'workload'
>;

interface CardCosts {
  readonly costs: HostCosts;
  /** What is other about the guest that they were measured with, or is not known of it. */
  readonly warnings: readonly string[];
}

/**
 * The costs that predictions from a card reckon with.
 *
 * @param path a calibration, or a directory with some, of which the nearest is taken; the assumptions where absent.
 * @throws MigbenchError `record` where it cannot be read.
 */
export async function costsFor(card: CalibratedCard, path: string | undefined): Promise<CardCosts> {
  const assumed = { costs: costsFromCard(assumedCosts, card), warnings: [] };
  if (path === undefined) return assumed;
  const files = await calibrationFiles(path);
  return nearestCosts(card, await Promise.all(files.map(readCalibration))) ?? assumed;
}

/**
 * What the hosts cost a card's guest: by the calibration of the same guest, QEMU and accelerator; where there is none,
 * by the nearest, with a warning. `undefined` without any.
 */
export function nearestCosts(
  card: CalibratedCard,
  calibrations: readonly Calibration[],
): CardCosts | undefined {
  const distance = (one: Calibration): number => {
    const { differences, unknown } = comparedWith(card, one);
    // An accelerator weighs more than all the others together; what is not known may differ, or may not.
    const foreign = one.accelerator === card.accelerator ? 0 : 3;
    return differences.length + unknown.length / 2 + foreign;
  };
  const [nearest] = calibrations.toSorted((one, other) => distance(one) - distance(other));
  if (nearest === undefined) return undefined;
  const { differences, unknown } = comparedWith(card, nearest);
  const { memoryBytes, vcpus } = card.guest;
  return {
    costs: costsFromCard(costsOf(nearest), card),
    warnings: [
      ...(differences.length === 0
        ? []
        : [
            `What hosts cost was not measured for ${card.title ?? card.workload} (${formatBytes(memoryBytes)}, ${vcpus} vCPU, QEMU ` +
              `${card.qemu.version}, ${card.accelerator.toUpperCase()}): it is reckoned with a calibration of ${differences.join(', ')}.`,
          ]),
      ...(unknown.length === 0
        ? []
        : [
            `The calibration (${nearest.source}) does not say with which ${unknown.join(' and ')} it was measured: what hosts cost differs between them. migbench validate makes one that does.`,
          ]),
    ],
  };
}

/** What a calibration has of its own that the card has otherwise, and what it does not say. */
function comparedWith(
  card: CalibratedCard,
  { accelerator, guest, qemuVersion }: Calibration,
): { readonly differences: readonly string[]; readonly unknown: readonly string[] } {
  const { memoryBytes, vcpus } = guest ?? card.guest;
  const version = qemuVersion ?? card.qemu.version;
  return {
    differences: [
      ...(accelerator === card.accelerator ? [] : [accelerator.toUpperCase()]),
      ...(memoryBytes === card.guest.memoryBytes ? [] : [formatBytes(memoryBytes)]),
      ...(vcpus === card.guest.vcpus ? [] : [`${vcpus} vCPU`]),
      ...(version === card.qemu.version ? [] : [`QEMU ${version}`]),
    ],
    unknown: [
      ...(qemuVersion === undefined ? ['QEMU'] : []),
      ...(guest === undefined ? ['guest'] : []),
    ],
  };
}

/** The costs of a calibration, without what a card says of its own pages. */
export function costsOf(calibration: Calibration): HostCosts {
  const { deviceMs, setupMs, streamBytesPerSecond, zeroPagesPerSecond, socketBytes } = calibration;
  return {
    source: 'measured',
    ...{ deviceMs, setupMs, streamBytesPerSecond, zeroPagesPerSecond, socketBytes },
  };
}

/** A file, or those of a directory, calibration.json first: it is taken where no other is nearer. */
async function calibrationFiles(path: string): Promise<readonly string[]> {
  const names = await readdir(path).catch(() => undefined);
  if (names === undefined) return [path];
  const others = names.filter((name) => /^calibration-.*\.json$/u.test(name)).sort();
  const hasFirst = names.includes(CALIBRATION_FILE) || others.length === 0;
  return [...(hasFirst ? [CALIBRATION_FILE] : []), ...others].map((name) => join(path, name));
}

async function readCalibration(file: string): Promise<Calibration> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new MigbenchError(
      'record',
      `${file}: the calibration cannot be read: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  });
  const parsed = parseJson(text);
  if (parsed === undefined) {
    throw new MigbenchError(
      'record',
      `${file}: not JSON: the calibration is damaged, or this is none. migbench validate writes one.`,
    );
  }
  return checked(calibrationSchema, parsed.value, file);
}
