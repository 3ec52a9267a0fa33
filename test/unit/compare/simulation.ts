/**
 * Comparisons of simulated runs whose true difference is known: how often a verdict is wrong, how often the interval
 * holds the truth, and how often a change is seen. Seeded: the same numbers every time.
 */
import { metricOf } from '../../../harness/analysis/metrics.ts';
import { compareGroups, compareRuns } from '../../../harness/compare/index.ts';
import type { MetricComparison } from '../../../harness/compare/types.ts';
import { mulberry32 } from '../../../harness/plan/order.ts';
import { madeUpRun, trials } from './fixture.ts';

/** All have a log-normal core of σ = 5 %. */
export const noises = [
  /** Nothing else. */
  'log-normal',
  /** One trial of ten takes 1 to 5 times as long. */
  'heavy-tailed',
  /** The host gets slower by 3 % with every block. */
  'drifting',
  /** The host gets slower by 30 % at one moment of the run. */
  'stepping',
] as const;
export type Noise = (typeof noises)[number];

export interface Situation {
  readonly noise: Noise;
  /** Trials of each side. */
  readonly n: number;
  /** `blocks`: interleaved in one run; `runs`: one run after the other. */
  readonly design: 'blocks' | 'runs';
  /** Candidate to base. */
  readonly ratio: number;
  readonly seed: number;
  readonly dataSets: number;
  /** The least change that is called; 0.01. */
  readonly minimumChange?: number;
}

/** Shares of all data sets. */
export interface Rates {
  readonly regressed: number;
  readonly improved: number;
  readonly noChange: number;
  /** The 95 % interval holds the true ratio. */
  readonly covered: number;
  /** Median of the least change that was said to be detectable; absent where there was none. */
  readonly detectable?: number;
}

const SIGMA = 0.05;
/** ms, rounded to whole ones as QEMU's are: ties occur. */
const MIDDLE = 2000;

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function figure(
  noise: Noise,
  place: number,
  n: number,
  step: number,
  random: () => number,
): number {
  const core = MIDDLE * Math.exp(SIGMA * normal(random));
  switch (noise) {
    case 'log-normal':
      return core;
    case 'heavy-tailed':
      return random() < 0.1 ? core * (1 + 4 * random()) : core;
    case 'drifting':
      return core * (1 + (0.03 * place) / 2);
    case 'stepping':
      return place < 2 * n * step ? core : core * 1.3;
  }
}

/** Both sides of one data set; within a block either may come first. */
function dataSet({ noise, n, ratio }: Situation, random: () => number) {
  const base: number[] = [];
  const candidate: number[] = [];
  const step = random();
  for (let block = 0; block < n; block += 1) {
    const first = random() < 0.5 ? 0 : 1;
    base.push(Math.round(figure(noise, 2 * block + first, n, step, random)));
    candidate.push(Math.round(ratio * figure(noise, 2 * block + 1 - first, n, step, random)));
  }
  return { base, candidate };
}

function compared(situation: Situation, random: () => number): MetricComparison {
  const { base, candidate } = dataSet(situation, random);
  // The test itself, whatever else two runs differ in.
  const options = {
    metrics: [metricOf('totalTimeMs')],
    minimumChange: situation.minimumChange ?? 0.01,
  };
  const cell = (qemu: string, figures: readonly number[]) => ({
    labels: { qemu },
    observations: trials('totalTimeMs', figures),
  });
  const found =
    situation.design === 'blocks'
      ? compareGroups(madeUpRun([cell('old', base), cell('new', candidate)]), 'qemu', options)
      : compareRuns(
          madeUpRun([cell('old', base)]),
          madeUpRun([cell('old', candidate)], { runId: 'two' }),
          options,
        );
  const metric = found.cells[0]?.metrics[0];
  if (metric === undefined) throw new Error('nothing was compared');
  return metric;
}

export function simulate(situation: Situation): Rates {
  const random = mulberry32(situation.seed);
  const counts = { regressed: 0, improved: 0, noChange: 0, covered: 0 };
  const detectable: number[] = [];
  for (let i = 0; i < situation.dataSets; i += 1) {
    const { verdict, effect, minimumDetectable } = compared(situation, random);
    if (verdict === 'regressed' || verdict === 'improved') counts[verdict] += 1;
    if (verdict === 'no-change') counts.noChange += 1;
    const { low = -Infinity, high = Infinity } = effect?.interval ?? {};
    if (low <= situation.ratio && situation.ratio <= high) counts.covered += 1;
    if (minimumDetectable !== undefined) detectable.push(minimumDetectable);
  }
  const share = (count: number) => count / situation.dataSets;
  const middle = detectable.sort((a, b) => a - b)[Math.floor(detectable.length / 2)];
  return {
    regressed: share(counts.regressed),
    improved: share(counts.improved),
    noChange: share(counts.noChange),
    covered: share(counts.covered),
    ...(middle === undefined ? {} : { detectable: middle }),
  };
}

/**
 * How often anything at all is called where nothing differs: 12 cells with several settings, compared two by two in
 * six pairs and judged together.
 */
export function simulateFamily(noise: Noise, n: number, dataSets: number, seed: number): number {
  const random = mulberry32(seed);
  const PAIRS = 6;
  let alarms = 0;
  for (let i = 0; i < dataSets; i += 1) {
    const cells = Array.from({ length: PAIRS }, (_, pair) => {
      const { base, candidate } = dataSet(
        { noise, n, ratio: 1, design: 'blocks', seed, dataSets },
        random,
      );
      return (['old', 'new'] as const).map((qemu) => ({
        labels: { qemu, setting: `setting-${pair}` },
        observations: trials('totalTimeMs', qemu === 'old' ? base : candidate),
      }));
    }).flat();
    const { verdict } = compareGroups(madeUpRun(cells), 'qemu', {
      metrics: [metricOf('totalTimeMs')],
    });
    if (verdict === 'regressed' || verdict === 'improved') alarms += 1;
  }
  return alarms / dataSets;
}
