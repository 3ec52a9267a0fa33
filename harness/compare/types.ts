/**
 * What a comparison is: two runs, or groups of one run, cell by cell and metric by metric. Plain data, as
 * compare.json holds it; an absent field is unknown or not applicable, never 0.
 */
import type { Figure } from '../analysis/censored.ts';
import type { Gate } from '../analysis/gate.ts';
import type { Metric } from '../analysis/metrics.ts';
import type { Proportion } from '../analysis/wilson-interval.ts';
import type { Environment, Outcome, TrialRecord } from '../record/schema.ts';

/** What the groups of one run, or the paired cells of two, may differ in. */
export const comparedDimensions = [
  'workload',
  'setting',
  'link',
  'guest',
  'qemu',
  'source',
  'destination',
  'transport',
  'accelerator',
] as const;
export type ComparedDimension = (typeof comparedDimensions)[number];

/**
 * - `regressed`, `improved`: significant after correction, the interval excludes "no change", and the change is larger
 *   than the least that counts.
 * - `differs`: the same for a metric of which neither direction is better.
 * - `no-change`: none of these, and a change of the size that matters would have been seen.
 * - `inconclusive`: too few trials, or too much noise, to say either.
 */
export type Verdict = 'regressed' | 'improved' | 'differs' | 'no-change' | 'inconclusive';

export type Correction = 'holm' | 'bh';

export interface CompareOptions {
  /** Level of the tests after correction; 0.05. */
  readonly alpha: number;
  /** Of the intervals of effects, as a fraction; 0.95. */
  readonly confidence: number;
  /** Across all metrics of all cells; Holm for gates, Benjamini-Hochberg for exploration. */
  readonly correction: Correction;
  readonly metrics: readonly Metric[];
  /** The least relative change that is called; 0.01, and 0.1 where guests were booted separately. A noise floor above it takes its place. */
  readonly minimumChange: number;
  /** `no-change` is said only where a relative change of this size would have been seen; 0.2. */
  readonly resolution: number;
  /** This host's A/A noise of a metric, as a relative change; `undefined` where it is not known. */
  readonly noiseFloor?: (metric: Metric['key'], cellId: string) => number | undefined;
  /** The run whose A/A gave that, for the record; and what it was measured on. */
  readonly noiseFloorOf?: string;
  readonly noiseFloorFrom?: Environment;
  /** Compare across fingerprints, with a warning, instead of refusing. */
  readonly force: boolean;
}

/** One side of a metric: its figures, in the metric's unit. */
export interface SampleSummary {
  /** Figures, censored ones included. */
  readonly n: number;
  /** How many are known only as "more than". */
  readonly censored: number;
  /** Absent for n = 0, as are the ends. */
  readonly median?: Figure;
  /** Ends of the 95 % interval of the median; absent below six figures. */
  readonly ciLow?: Figure;
  readonly ciHigh?: Figure;
  readonly min?: Figure;
  readonly max?: Figure;
}

/** By how much the candidate's figures are greater than the base's. */
export interface Effect {
  /** `ratio`: candidate ÷ base. `difference`, in the metric's unit: where a figure is 0 or negative. */
  readonly kind: 'ratio' | 'difference';
  /** Hodges-Lehmann; absent where too many figures are censored to say. */
  readonly estimate?: number;
  /** Absent where there are too few figures for one; an absent end is unbounded. */
  readonly interval?: { readonly low?: number; readonly high?: number };
  /** On which side of "no change" the whole interval is where it has no end to say: too many figures are censored. */
  readonly beyond?: 'above' | 'below';
  /** Of the interval. */
  readonly confidence: number;
}

export interface MetricTest {
  readonly method: 'exact' | 'normal';
  /** Groups of neighbouring blocks within which figures were ranked; 1 for two runs. */
  readonly strata: number;
  readonly p: number;
  /** The least p that this many figures can give. */
  readonly smallestP: number;
  /** After correction for all tests of the comparison; absent where n is too small for any outcome to be called. */
  readonly adjustedP?: number;
}

/** One metric of one pair of cells. */
export interface MetricComparison {
  readonly metric: Metric;
  readonly base: SampleSummary;
  readonly candidate: SampleSummary;
  /** Absent where a side has no figures, as is the effect. */
  readonly test?: MetricTest;
  readonly effect?: Effect;
  /** The least relative change that would have been called with a probability of 80 %; absent where unknown. */
  readonly minimumDetectable?: number;
  /** The least relative change that counts here: the option's, or the noise floor where that is higher. */
  readonly minimumChange: number;
  readonly verdict: Verdict;
  /** Why it is no more than that, for readers; empty for a change. */
  readonly reason: string;
}

/** How many completed, which is an outcome of its own. */
export interface CompletionComparison {
  /** With Wilson's interval; absent for n = 0. */
  readonly base?: Proportion;
  readonly candidate?: Proportion;
  /** Fisher's exact test; absent where a side has n = 0. */
  readonly p?: number;
  /** Corrected across the cells; absent where no table with these totals could be called. */
  readonly adjustedP?: number;
  readonly verdict: Exclude<Verdict, 'differs'>;
  readonly reason: string;
}

/** One side of a pair of cells. */
export interface ComparedCell {
  readonly cellId: string;
  readonly labels: TrialRecord['labels'];
  readonly outcomes: Readonly<Record<Outcome['kind'], number>>;
  /** Trials after which the guest's data was damaged. */
  readonly damaged: number;
  /** `tcg`, `kvm`: as its trials say. */
  readonly accelerators: readonly string[];
  readonly machineTypes: readonly string[];
  /** `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)` of source and destination. */
  readonly qemu: readonly string[];
}

export interface CellComparison {
  /**
   * Workload and setting, what else tells the pairs apart, and what is compared:
   * `idle · precopy: debian:bookworm → debian:trixie`.
   */
  readonly label: string;
  readonly base: ComparedCell;
  readonly candidate: ComparedCell;
  readonly completion: CompletionComparison;
  readonly metrics: readonly MetricComparison[];
  /** The gravest of completion, integrity and metrics. */
  readonly verdict: Exclude<Verdict, 'differs'>;
}

/** Where one side comes from. */
export interface ComparedSide {
  /** `base`, `candidate`, or the value of the dimension: `debian:bookworm`. */
  readonly name: string;
  /** As it was given. */
  readonly directory: string;
  readonly environment: Environment;
  /** Records that were read. */
  readonly trials: number;
}

/** Something that both sides should have in common. */
export interface FingerprintDifference {
  /** `host CPU`, `accelerator of idle · precopy`, … */
  readonly what: string;
  readonly base: string;
  readonly candidate: string;
  /** Whether figures of the two cannot be compared; else it is only said. */
  readonly incomparable: boolean;
}

export interface Comparison {
  readonly schemaVersion: 1;
  /** Absent where cells with the same id were compared. */
  readonly by?: ComparedDimension;
  readonly base: ComparedSide;
  /** One side for each candidate: several where a run has more than two groups. */
  readonly candidates: readonly ComparedSide[];
  readonly options: Omit<CompareOptions, 'metrics' | 'noiseFloor' | 'noiseFloorFrom'> & {
    readonly metrics: readonly string[];
  };
  /** Tests that the correction counts. */
  readonly tests: number;
  readonly cells: readonly CellComparison[];
  /** Ids of cells without a partner; of the base's, with several candidates, also those that one of them lacks. */
  readonly unmatched: { readonly base: readonly string[]; readonly candidate: readonly string[] };
  readonly differences: readonly FingerprintDifference[];
  /** For readers. */
  readonly warnings: readonly string[];
  /** False where fingerprints were overruled, trials were invalid, or a host drifted beyond the bound: exit code 5. */
  readonly trusted: boolean;
  readonly verdict: Exclude<Verdict, 'differs'>;
  /** The verdict in a sentence. */
  readonly sentence: string;
  /** Where there is a gate: its checks, `cellId` being a pair's label, and what to know of them. */
  readonly gate?: Gate & { readonly notes: readonly string[] };
}
