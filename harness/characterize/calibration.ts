/** What the two hosts cost, as `validate` measured it: calibration.json, beside assumptions where there is none. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MigbenchError, messageOf } from '../errors.ts';
import { checked, parseJson } from '../record/parse.ts';
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
});
export type Calibration = z.infer<typeof calibrationSchema>;

/**
 * The costs that predictions from a card reckon with.
 *
 * @param path a calibration, or a directory that holds one; the assumptions where absent.
 * @throws MigbenchError `record` where it cannot be read.
 */
export async function costsFor(
  card: Pick<Card, 'zlibBytesPerSecond' | 'accelerator'>,
  path: string | undefined,
): Promise<{ readonly costs: HostCosts; readonly warnings: readonly string[] }> {
  if (path === undefined) return { costs: costsFromCard(assumedCosts, card), warnings: [] };
  const calibration = await readCalibration(path);
  const isForeign = calibration.accelerator !== card.accelerator;
  return {
    costs: costsFromCard(costsOf(calibration), card),
    warnings: isForeign
      ? [
          `The calibration was measured under ${calibration.accelerator}, the card under ${card.accelerator}: what hosts cost differs between them.`,
        ]
      : [],
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

async function readCalibration(path: string): Promise<Calibration> {
  const isFolder = await stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, CALIBRATION_FILE) : path;
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
