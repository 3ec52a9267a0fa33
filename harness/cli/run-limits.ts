/** When a run ends, and where it goes, as `run` and `regress` read it from their flags. */
import { join } from 'node:path';
import type { RunRequest } from '../pipeline.ts';
import { duration, fraction } from './quantities.ts';

/** A run that is to become precise ends here where no `--time-limit` was given, ms. */
const PRECISION_TIME_LIMIT_MS = 3_600_000;

/**
 * `--until-precision` and `--time-limit`. A resumed run is as precise as it was begun, and has another hour.
 *
 * @throws MigbenchError `usage` where one is no percentage or duration.
 */
export async function precisionLimits(
  precision: string | undefined,
  timeLimit: string | undefined,
  resumed: string | undefined,
): Promise<Pick<RunRequest, 'untilPrecision' | 'timeLimitMs'>> {
  const untilPrecision =
    precision === undefined ? undefined : fraction('until-precision', precision, 1);
  const written = duration('time-limit', timeLimit);
  const open = untilPrecision !== undefined || (await isOpen(resumed));
  const timeLimitMs = written ?? (open ? PRECISION_TIME_LIMIT_MS : undefined);
  return {
    ...(untilPrecision === undefined ? {} : { untilPrecision }),
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
  };
}

async function isOpen(resumed: string | undefined): Promise<boolean> {
  if (resumed === undefined) return false;
  const { readEnvironment } = await import('../record/reader.ts');
  return (await readEnvironment(resumed)).untilPrecision !== undefined;
}

/** `runs/20261124T181200Z-quickstart`: sorts by time, says what it is. */
export function defaultRunDirectory(planName: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/gu, '');
  return join('runs', `${stamp}Z-${planName}`);
}
