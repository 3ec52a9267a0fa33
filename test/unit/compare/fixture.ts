/** Runs for comparisons, made up in memory: no figure in them was measured. */
import { metricOf } from '../../../harness/analysis/metrics.ts';
import type { RunSide, Observation } from '../../../harness/compare/side.ts';
import type { Environment } from '../../../harness/record/schema.ts';

export const environment: Environment = {
  ...{ schemaVersion: 1, runId: 'one', migbench: '0.1.0', node: '20.19.0' },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', planName: 'made-up', planHash: 'abc' },
  ...{ seed: 1, repetitions: 6, thresholds: [], plannedTrials: 0 },
  host: {
    kernel: '6.1',
    cpuModel: 'CPU',
    cpus: 2,
    memoryBytes: 8 * 2 ** 30,
    distribution: 'Debian',
  },
  ...{ sandboxMode: 'namespaces', guestNetwork: 'tap', notes: [], accelerators: [], qemu: [] },
  image: { key: 'image', kernel: '6.1', suite: 'bookworm' },
  calibrations: [],
};

export interface MadeUpCell {
  readonly labels?: Partial<RunSide['cells'][number]['labels']>;
  readonly hash?: string;
  readonly accelerator?: 'kvm' | 'tcg';
  readonly observations: readonly Partial<Observation>[];
}

/** Trials of one cell: a completed one per figure, `undefined` for one that did not converge in 20 s. */
export function trials(
  key: keyof Observation['measurements'],
  figures: readonly (number | undefined)[],
): readonly Partial<Observation>[] {
  return figures.map((figure) =>
    figure === undefined ? { outcome: 'not-converged' } : { measurements: { [key]: figure } },
  );
}

/** A run of such cells, one block per trial of a cell. */
export function madeUpRun(
  cells: readonly MadeUpCell[],
  changes: Partial<Environment> = {},
): RunSide {
  return {
    directory: `runs/${changes.runId ?? environment.runId}`,
    environment: { ...environment, ...changes },
    cells: cells.map((cell) => {
      const labels = {
        ...{ workload: 'idle', setting: 'precopy', link: '1Gbit/s', guest: '384MiB-1cpu' },
        qemu: 'system',
        ...cell.labels,
      };
      return {
        cellId: `${Object.values(labels).join('/')}~${cell.hash ?? '00000000'}`,
        labels,
        spec: undefined,
        observations: cell.observations.map((trial, block) => ({
          ...{ block, outcome: 'completed', damaged: false, deadlineMs: 20_000, measurements: {} },
          ...trial,
        })),
        accelerators: [cell.accelerator ?? 'tcg'],
        machineTypes: ['pc-i440fx-10.0'],
        qemu: ['10.0.13'],
        ...{ source: labels.qemu, destination: labels.qemu, transport: 'tcp' },
      };
    }),
    trials: cells.reduce((sum, { observations }) => sum + observations.length, 0),
    warnings: [],
  };
}

/** Total times of a quiet host, ms. */
export const quiet: readonly number[] = [2000, 2010, 2020, 2030, 2040, 2050];

/** The total time alone, and as within one run. */
export const sharp = { metrics: [metricOf('totalTimeMs')], minimumChange: 0.01 };

/** Two runs of one cell, with these total times. */
export function pairOf(
  base: readonly (number | undefined)[],
  candidate: readonly (number | undefined)[],
): readonly [RunSide, RunSide] {
  return [
    madeUpRun([{ observations: trials('totalTimeMs', base) }]),
    madeUpRun([{ observations: trials('totalTimeMs', candidate) }], { runId: 'two' }),
  ];
}
