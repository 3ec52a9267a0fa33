/** What `compare` and `regress` have in common: which metrics, which noise floor, which thresholds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Metric } from '../analysis/metrics.ts';
import type { RelativeThreshold } from '../analysis/threshold.ts';
import { MigbenchError } from '../errors.ts';
import { ENVIRONMENT_FILE } from '../record/layout.ts';

/**
 * The noise floor of a run with `--aa`: of the one that is named, else of a compared one that is such a run.
 *
 * @throws MigbenchError `usage` where the one that is named has none.
 */
export async function noiseFloorFor(
  named: string | undefined,
  compared: readonly (string | undefined)[],
) {
  const { noiseFloorLookup, readNoiseFloor } = await import('../compare/index.ts');
  for (const directory of named === undefined ? compared : [named]) {
    const found = directory === undefined ? undefined : await readNoiseFloor(directory);
    if (found !== undefined && directory !== undefined) {
      const { readEnvironment } = await import('../record/reader.ts');
      // The file of a floor alone may have been kept: then nobody knows what it was measured on.
      const isWhole = existsSync(join(directory, ENVIRONMENT_FILE));
      return {
        noiseFloor: noiseFloorLookup(found),
        noiseFloorOf: directory,
        ...(isWhole ? { noiseFloorFrom: await readEnvironment(directory) } : {}),
      };
    }
  }
  if (named === undefined) return {};
  throw new MigbenchError(
    'usage',
    `--noise-floor: ${named} has no noise floor. Make one with: migbench run --aa --out ${named}-aa`,
  );
}

/**
 * The metrics of `--metric`, or the usual ones, and those that a threshold is about.
 *
 * @throws MigbenchError `usage` for an unknown name.
 */
export async function comparedMetrics(
  names: readonly string[] | undefined,
  thresholds: readonly RelativeThreshold[],
): Promise<readonly Metric[]> {
  const { headlineMetrics, metricsNamed } = await import('../compare/index.ts');
  const named =
    names === undefined ? headlineMetrics : metricsNamed(names.flatMap((text) => text.split(',')));
  return [...new Set([...named, ...thresholds.map(({ metric }) => metric)])];
}

/**
 * The `--threshold`s of a comparison, which are about changes.
 *
 * @throws MigbenchError `usage` for one that is none, or about a figure.
 */
export async function relativeFlags(
  texts: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (texts === undefined) return [];
  const { thresholdFlags } = await import('./thresholds.ts');
  const { relativeThresholds } = await import('../compare/index.ts');
  const written = thresholdFlags(texts, false);
  const figure = written.find((text) => relativeThresholds([text]).length === 0);
  if (figure === undefined) return written;
  throw new MigbenchError(
    'usage',
    `--threshold ${figure}: a comparison is held to changes, such as "total_time_ms <= +5%". ` +
      `Hold a run to figures with: migbench report RUN --threshold "${figure}"`,
  );
}
