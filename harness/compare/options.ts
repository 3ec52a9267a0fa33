/** What a comparison does unless told otherwise. */
import { metricOf, metrics, type Metric } from '../analysis/metrics.ts';
import { MigbenchError } from '../errors.ts';
import type { ComparedDimension, CompareOptions } from './types.ts';

/** What an operator asks first. Few, since every further one makes the correction harsher for all. */
export const headlineMetrics: readonly Metric[] = (
  [
    'totalTimeMs',
    'downtimeMs',
    'pauseMs',
    'blackoutMs',
    'serviceOutageMs',
    'transferredBytes',
    'workloadLostSeconds',
  ] as const
).map(metricOf);

/**
 * The least relative change that is called where the two sides began from guests that were booted separately: in two
 * runs, and in one run for other builds, guests or workloads. Saved states of the same guest differ: five A/A runs of
 * an idle one sent 72.5 or 78.2 MB, without anything between (docs/methodology.md).
 */
export const OTHER_TEMPLATE_MINIMUM_CHANGE = 0.1;

/** Groups that differ in one of these begin from the same saved guest. */
export const SAME_TEMPLATE: readonly ComparedDimension[] = [
  'setting',
  'link',
  'transport',
  'destination',
];

export const defaultOptions: CompareOptions = {
  alpha: 0.05,
  confidence: 0.95,
  correction: 'holm',
  metrics: headlineMetrics,
  minimumChange: 0.01,
  resolution: 0.2,
  force: false,
};

/**
 * Metrics by the names of their columns; `all` for the whole catalogue.
 *
 * @throws MigbenchError `usage` for an unknown name.
 */
export function metricsNamed(names: readonly string[]): readonly Metric[] {
  if (names.includes('all')) return metrics;
  const found = names.map((name) => {
    const metric = metrics.find(({ column }) => column === name);
    if (metric === undefined) {
      throw new MigbenchError(
        'usage',
        `--metric ${name} is no metric: expected all, or some of ${metrics.map(({ column }) => column).join(', ')}.`,
      );
    }
    return metric;
  });
  return metrics.filter((metric) => found.includes(metric));
}
