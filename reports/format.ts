/** Figures for readers: a value with its unit, and how a censored or missing one is written. */
import type { Figure } from '../harness/analysis/censored.ts';
import { metricSummary, type CellSummary, type MetricSummary } from '../harness/analysis/cells.ts';
import { N_TOO_SMALL } from '../harness/analysis/median-interval.ts';
import type { Metric } from '../harness/analysis/metrics.ts';
import type { Proportion } from '../harness/analysis/wilson-interval.ts';
import { formatBitRate, formatBytes, formatDuration, formatPercent } from '../harness/units.ts';

/** What stands for a figure that nobody has. */
export const UNKNOWN = '–';

/** Seconds with three digits, zeros included: what was measured as 5.00 s was not measured as 5 s. */
function duration(ms: number): string {
  if (ms === 0) return '0 ms';
  const seconds = (ms / 1000).toPrecision(3);
  const written = Number(seconds);
  return Math.abs(written) >= 1 && Math.abs(written) < 60 ? `${seconds} s` : formatDuration(ms);
}

/** About three digits, no separators. */
function plain(value: number): string {
  const text =
    Math.abs(value) < 1000 ? String(Number(value.toPrecision(3))) : String(Math.round(value));
  return text === '-0' ? '0' : text;
}

/** A metric's value with its unit, for reading: `2.04 s`, `98 MiB`, `1200 pages/s`. */
export function formatValue(value: number, metric: Metric): string {
  switch (metric.unit) {
    case 'ms':
      return duration(value);
    case 'us':
      return duration(value / 1000);
    case 's':
      return duration(value * 1000);
    case 'bytes':
      return formatBytes(value);
    case 'bit/s':
      return formatBitRate(value);
    case '%':
      return formatPercent(value);
    case 'count':
      return plain(value);
    case '1/s':
      return `${plain(value)} /s`;
    case 'pages':
    case 'pages/s':
      return `${plain(value)} ${metric.unit}`;
  }
}

/** As `formatValue`; `> 20 s` where only a lower bound is known. */
export function formatFigure(figure: Figure, metric: Metric): string {
  if (!figure.censored) return formatValue(figure.value, metric);
  // A deadline is a number that somebody wrote.
  return `> ${metric.unit === 'ms' ? formatDuration(figure.value) : formatValue(figure.value, metric)}`;
}

/** `3.9 s – 4.6 s`, or that there are too few values for an interval. */
export function formatInterval(summary: MetricSummary): string {
  if (summary.ciLow === undefined || summary.ciHigh === undefined) return N_TOO_SMALL;
  return `${formatFigure(summary.ciLow, summary.metric)} – ${formatFigure(summary.ciHigh, summary.metric)}`;
}

/** The median, or what stands for none. */
export function formatMedian(summary: MetricSummary | undefined): string {
  return summary === undefined ? UNKNOWN : formatFigure(summary.median, summary.metric);
}

/** The floor of a cell's blackout, where its median is at or below what the quiet baseline shows. */
export function blackoutBound(cell: CellSummary): MetricSummary | undefined {
  const median = metricSummary(cell, 'blackoutMs')?.median;
  const floor = metricSummary(cell, 'blackoutFloorMs');
  return median !== undefined && floor !== undefined && median.value <= floor.median.value
    ? floor
    : undefined;
}

/** The median of a cell's blackout, ms; `undefined` where there is none, or none that stands out of its floor. */
export function blackoutAboveFloor(cell: CellSummary): number | undefined {
  return blackoutBound(cell) === undefined
    ? metricSummary(cell, 'blackoutMs')?.median.value
    : undefined;
}

/**
 * The median of a cell's metric. A blackout at or below what the quiet baseline shows is only known to be no longer
 * than that: `≤ 12 ms`.
 */
export function formatCellMedian(cell: CellSummary, key: MetricSummary['metric']['key']): string {
  const floor = key === 'blackoutMs' ? blackoutBound(cell) : undefined;
  return floor === undefined
    ? formatMedian(metricSummary(cell, key))
    : `≤ ${formatFigure(floor.median, floor.metric)}`;
}

/** `61 % – 100 %`: Wilson's interval of a completion rate. */
export function formatProportionInterval(proportion: Proportion): string {
  return `${Math.round(proportion.low * 100)} % – ${Math.round(proportion.high * 100)} %`;
}

/** `1 trial`, `2 trials`. */
export function counted(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}
