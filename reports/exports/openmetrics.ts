/**
 * OpenMetrics 1.0 text, as Prometheus and its text-file collector read it. Base units as the standard wants them
 * (seconds, bytes, ratios); labels name the cell; no times and no hosts.
 */
import type { Figure } from '../../harness/analysis/censored.ts';
import { metricSummary, type MetricSummary } from '../../harness/analysis/cells.ts';
import { metrics, type Metric } from '../../harness/analysis/metrics.ts';
import type { ReportCell } from '../cell.ts';
import { plainName } from '../escape.ts';
import type { ReportModel } from '../model.ts';

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly help: string;
  readonly unit?: string;
  readonly samples: readonly (readonly [Labels, number])[];
}

/** How a column's name ends, what it ends with here, and how many of the column's units one of those is. */
const baseUnits: readonly (readonly [suffix: string, unit: string, perBase: number])[] = [
  ['_ms', 'seconds', 1000],
  ['_us', 'seconds', 1_000_000],
  ['_seconds', 'seconds', 1],
  ['_bytes', 'bytes', 1],
  ['_percent', 'ratio', 100],
];

/** The whole exposition. */
export function openMetricsText(model: ReportModel): string {
  const families = [
    trialFamily(model.cells),
    ...metrics.map((metric) => metricFamily(metric, model.cells)),
    gateFamily(model),
  ].filter(({ samples }) => samples.length > 0);
  return [...families.flatMap(familyLines), '# EOF', ''].join('\n');
}

function familyLines({ name, help, unit, samples }: Family): readonly string[] {
  return [
    `# TYPE ${name} gauge`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(([labels, value]) => {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
      return `${name}{${pairs.join(',')}} ${String(value)}`;
    }),
  ];
}

function escaped(text: string): string {
  return plainName(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

function labelsOf({ cellId, labels }: ReportCell): Labels {
  const { workload, setting, link, guest, qemu } = labels;
  return { cell: cellId, workload, setting, link, guest, qemu };
}

function trialFamily(cells: readonly ReportCell[]): Family {
  return {
    name: 'migbench_trials',
    help: 'Trials of the cell by outcome.',
    samples: cells.flatMap((cell) =>
      Object.entries(cell.outcomes).map(
        ([outcome, count]) => [{ ...labelsOf(cell), outcome }, count] as const,
      ),
    ),
  };
}

/** A figure known only as "more than" has no sample: `migbench_trials` says what became of its trials. */
function metricFamily(metric: Metric, cells: readonly ReportCell[]): Family {
  const found = baseUnits.find(([suffix]) => metric.column.endsWith(suffix));
  const [suffix, unit, perBase] = found ?? ['', undefined, 1];
  const stem = metric.column.slice(0, metric.column.length - suffix.length);
  const samples = cells.flatMap((cell) => {
    const summary = metricSummary(cell, metric.key);
    if (summary === undefined) return [];
    return figuresOf(summary).flatMap(([statistic, figure]) =>
      figure === undefined || figure.censored
        ? []
        : [
            [
              { ...labelsOf(cell), statistic },
              Number((figure.value / perBase).toPrecision(12)),
            ] as const,
          ],
    );
  });
  return {
    name: `migbench_${stem}${unit === undefined ? '' : `_${unit}`}`,
    help: `${metric.title}: over the completed trials of the cell.`,
    ...(unit === undefined ? {} : { unit }),
    samples,
  };
}

function figuresOf(summary: MetricSummary): readonly (readonly [string, Figure | undefined])[] {
  return [
    ['median', summary.median],
    ['ci_low', summary.ciLow],
    ['ci_high', summary.ciHigh],
    ['min', summary.min],
    ['max', summary.max],
  ];
}

function gateFamily({ gate, cells }: ReportModel): Family {
  const byId = new Map(cells.map((cell) => [cell.cellId, cell]));
  return {
    name: 'migbench_gate_check_passed',
    help: 'Whether a threshold holds (1) or is breached (0).',
    samples: gate.checks.flatMap(({ threshold, cellId, status }) => {
      if (status === 'not-applicable') return [];
      const cell = cellId === undefined ? undefined : byId.get(cellId);
      const labels = cell === undefined ? {} : labelsOf(cell);
      return [[{ ...labels, threshold }, status === 'passed' ? 1 : 0] as const];
    }),
  };
}
