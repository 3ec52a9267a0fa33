/** Comparisons: two runs, or groups of one run. Pure, but for reading run directories (`readSide`). */
import { MigbenchError } from '../errors.ts';
import { completionsOf } from './completion.ts';
import { corrected } from './correction.ts';
import {
  cellDifferences,
  differenceText,
  driftWarnings,
  environmentDifferences,
  floorWarnings,
} from './fingerprint.ts';
import { pairGroups, pairRuns, type CellPair, type Pairing } from './match.ts';
import { canBeCalled, compareMetric, testMetric } from './metric.ts';
import { OTHER_TEMPLATE_MINIMUM_CHANGE, SAME_TEMPLATE, defaultOptions } from './options.ts';
import { sentenceOf } from './sentence.ts';
import type { CellData, RunSide } from './side.ts';
import type {
  CellComparison,
  ComparedCell,
  ComparedDimension,
  ComparedSide,
  CompareOptions,
  Comparison,
  FingerprintDifference,
} from './types.ts';
import { gravest } from './verdict.ts';

export {
  OTHER_TEMPLATE_MINIMUM_CHANGE,
  defaultOptions,
  headlineMetrics,
  metricsNamed,
} from './options.ts';
export { evaluateComparisonGate, relativeThresholds } from './gate.ts';
export {
  noiseFloorLookup,
  readNoiseFloor,
  writeNoiseFloor,
  type NoiseFloor,
} from './noise-floor.ts';
export { readSide, type RunSide } from './side.ts';
export type * from './types.ts';

/**
 * Compare two runs: cells with the same id, or those that differ in one dimension alone.
 *
 * @throws MigbenchError `usage` where they cannot be compared, naming what differs.
 */
export function compareRuns(
  base: RunSide,
  candidate: RunSide,
  given: Partial<CompareOptions> & { readonly by?: ComparedDimension | undefined } = {},
): Comparison {
  const { by: wanted, ...rest } = given;
  const sameRun = base.environment.runId === candidate.environment.runId;
  const options = {
    ...defaultOptions,
    ...(sameRun ? {} : { minimumChange: OTHER_TEMPLATE_MINIMUM_CHANGE }),
    ...rest,
  };
  const { by, ...pairing } = pairRuns(base, candidate, wanted);
  const sideOf = (name: string, { directory, environment, trials }: RunSide): ComparedSide => ({
    name,
    directory,
    environment,
    trials,
  });
  const differences = [
    ...environmentDifferences(base.environment, candidate.environment),
    ...cellDifferences(pairing.pairs, by),
  ];
  const warnings = [...new Set([...base.warnings, ...candidate.warnings])];
  if (sameRun) {
    warnings.push('Both sides are the same run.');
  } else {
    warnings.push(
      'The two runs were made one after the other, each with guests that were booted for it: what changed between them ' +
        'looks like a change of the candidate, and two runs of the same differ by several percent in what they send. ' +
        'Cells of one run, compared with --by, do not have this problem.',
    );
  }
  return comparison(
    pairing,
    { base: sideOf('base', base), candidates: [sideOf('candidate', candidate)] },
    { by, differences, warnings, sameRun },
    options,
  );
}

/**
 * Compare groups of one run, whose trials were interleaved: the cells that differ in one dimension alone.
 *
 * @throws MigbenchError `usage` as above.
 */
export function compareGroups(
  run: RunSide,
  by: ComparedDimension,
  given: Partial<CompareOptions> & {
    readonly from?: string | undefined;
    readonly to?: string | undefined;
  } = {},
): Comparison {
  const { from, to, ...rest } = given;
  const sameTemplate =
    SAME_TEMPLATE.includes(by) ||
    (run.environment.bootedBy !== undefined && (by === 'qemu' || by === 'source'));
  const options = {
    ...defaultOptions,
    ...(sameTemplate ? {} : { minimumChange: OTHER_TEMPLATE_MINIMUM_CHANGE }),
    ...rest,
  };
  const pairing = pairGroups(run, by, { from, to });
  const { directory, environment, trials } = run;
  const sideOf = (name: string): ComparedSide => ({ name, directory, environment, trials });
  return comparison(
    pairing,
    { base: sideOf(pairing.base), candidates: pairing.candidates.map(sideOf) },
    {
      by,
      differences: cellDifferences(pairing.pairs, by),
      warnings: [
        ...run.warnings,
        ...(sameTemplate
          ? []
          : [
              `Cells that differ in their ${by} began from guests that were booted separately, and such guests differ by ` +
                'several percent in what they send, whatever is compared: smaller changes say nothing.',
            ]),
      ],
      sameRun: true,
    },
    options,
  );
}

/** Invalid trials of all cells that are compared; a cell may be in several pairs. */
function invalidOf(
  cells: readonly CellComparison[],
  { base, candidates }: Pick<Comparison, 'base' | 'candidates'>,
): number {
  const [candidate = base] = candidates;
  const counts = new Map(
    cells.flatMap((cell) => [
      [`${base.environment.runId} ${cell.base.cellId}`, cell.base.outcomes.invalid],
      [`${candidate.environment.runId} ${cell.candidate.cellId}`, cell.candidate.outcomes.invalid],
    ]),
  );
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

interface Circumstances {
  readonly by: ComparedDimension | undefined;
  readonly differences: readonly FingerprintDifference[];
  readonly warnings: readonly string[];
  /** Whether both sides share their blocks. */
  readonly sameRun: boolean;
}

function comparison(
  { pairs, unmatched }: Pairing,
  sides: Pick<Comparison, 'base' | 'candidates'>,
  { by, differences, warnings, sameRun }: Circumstances,
  options: CompareOptions,
): Comparison {
  const incomparable = differences.filter((difference) => difference.incomparable);
  if (incomparable.length > 0 && !options.force) {
    throw new MigbenchError(
      'usage',
      `These figures cannot be compared:\n${incomparable.map((each) => `  ${differenceText(each)}\n`).join('')}` +
        'Run both sides on the same host in the same way, or compare all the same with --force.',
    );
  }
  const { cells, tests } = compareCells(pairs, sameRun, options);
  const invalid = invalidOf(cells, sides);
  const { metrics, noiseFloor: _, noiseFloorFrom, ...others } = options;
  const drifts = driftWarnings([sides.base, ...sides.candidates]);
  return {
    schemaVersion: 1,
    ...(by === undefined ? {} : { by }),
    ...sides,
    options: { ...others, metrics: metrics.map(({ column }) => column) },
    tests,
    cells,
    unmatched,
    differences,
    warnings: [
      ...(incomparable.length === 0
        ? []
        : ['Figures are compared that are not comparable (--force): see what differs.']),
      ...(invalid === 0
        ? []
        : [
            `${invalid === 1 ? '1 invalid trial was' : `${invalid} invalid trials were`} left out.`,
          ]),
      ...drifts,
      ...(noiseFloorFrom === undefined
        ? []
        : floorWarnings(noiseFloorFrom, sides.base.environment)),
      ...warnings,
    ],
    trusted: incomparable.length === 0 && invalid === 0 && drifts.length === 0,
    verdict: gravest(cells.map(({ verdict }) => verdict)),
    sentence: sentenceOf(cells),
  };
}

function compareCells(
  pairs: readonly CellPair[],
  sameRun: boolean,
  options: CompareOptions,
): { readonly cells: readonly CellComparison[]; readonly tests: number } {
  const tested = pairs.map((pair) =>
    options.metrics.flatMap((metric) => testMetric(metric, pair, sameRun, options) ?? []),
  );
  const family = tested.flat().filter((each) => canBeCalled(each, options));
  const adjustedOf = corrected(family, ({ test }) => test?.p, options.correction);
  const called = [...adjustedOf.values()].filter((p) => p <= options.alpha).length;
  const among = {
    tests: family.length,
    // Holm's first step; of Benjamini and Hochberg's, the one that was reached.
    level:
      (options.alpha * (options.correction === 'holm' ? 1 : Math.max(1, called))) /
      Math.max(1, family.length),
  };
  const completions = completionsOf(pairs, options);
  const cells = pairs.map((pair, index): CellComparison => {
    const metrics = (tested[index] ?? []).map((each) =>
      compareMetric(each, adjustedOf.get(each), among, options),
    );
    const base = comparedCell(pair.base);
    const candidate = comparedCell(pair.candidate);
    const completion = completions[index] ?? { verdict: 'inconclusive', reason: '' };
    return {
      label: pair.label,
      base,
      candidate,
      completion,
      metrics,
      verdict:
        candidate.damaged > base.damaged
          ? 'regressed'
          : cellVerdict([completion.verdict, ...metrics.map(({ verdict }) => verdict)]),
    };
  });
  return { cells, tests: family.length };
}

/** That all completed, or none, says nothing of how fast: where no metric is conclusive, neither is the cell. */
function cellVerdict(verdicts: Parameters<typeof gravest>[0]): CellComparison['verdict'] {
  const [completion, ...metrics] = verdicts;
  const found = gravest(verdicts);
  return found === 'no-change' && completion === 'no-change' ? gravest(metrics) : found;
}

function comparedCell(cell: CellData): ComparedCell {
  const outcomes = { completed: 0, 'not-converged': 0, failed: 0, skipped: 0, invalid: 0 };
  for (const { outcome } of cell.observations) outcomes[outcome] += 1;
  return {
    cellId: cell.cellId,
    labels: cell.labels,
    outcomes,
    damaged: cell.observations.filter(({ damaged }) => damaged).length,
    accelerators: cell.accelerators,
    machineTypes: cell.machineTypes,
    qemu: cell.qemu,
  };
}
