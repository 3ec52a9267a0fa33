/** Records for unit tests, made up: the least that the schema accepts, to be overridden field by field. */
import type { RunPlan } from '../../../harness/record/reader.ts';
import type { Environment, Measurements, TrialRecord } from '../../../harness/record/schema.ts';

/** A completed trial without measurements. */
export function exampleRecord(overrides: Partial<TrialRecord> = {}): TrialRecord {
  const qemu = { reference: 'system', version: '10.0.13', package: '' };
  return {
    schemaVersion: 1,
    runId: 'run-1',
    cellId: 'idle/precopy/1Gbit/384MiB/system~00000001',
    trialId: '000-000-00000001',
    block: 0,
    position: 0,
    repetition: 1,
    startedAt: '2026-01-02T03:04:05.000Z',
    labels: {
      workload: 'idle',
      setting: 'precopy',
      link: '1Gbit/s',
      guest: '384MiB',
      qemu: 'system',
    },
    workload: { id: 'idle', parameters: {}, unit: '', loop: 'none' },
    guest: { memoryBytes: 402653184, vcpus: 1, backend: 'ram' },
    accelerator: 'kvm',
    machineType: 'pc-i440fx-10.0',
    qemu: { source: qemu, destination: qemu },
    transport: 'tcp',
    sandboxMode: 'namespaces',
    link: { bandwidthBitsPerSecond: 1e9 },
    windows: { baselineMs: 1000, settleMs: 1000, settleLimitMs: 10000 },
    deadlineMs: 20000,
    requested: { capabilities: {}, parameters: {} },
    outcome: { kind: 'completed' },
    expected: true,
    integrity: 'unchecked',
    measurements: {},
    overheadMs: {},
    warnings: [],
    artifacts: {},
    ...overrides,
  };
}

/** A completed trial of a numbered repetition. */
export function measured(repetition: number, measurements: Measurements): TrialRecord {
  return exampleRecord({ trialId: `trial-${repetition}`, repetition, measurements });
}

/** A trial that ran into its deadline. */
export function notConverged(repetition: number, deadlineMs = 20000): TrialRecord {
  return exampleRecord({
    trialId: `trial-${repetition}`,
    repetition,
    deadlineMs,
    outcome: { kind: 'not-converged', detail: 'still dirty' },
  });
}

export function exampleEnvironment(overrides: Partial<Environment> = {}): Environment {
  return {
    schemaVersion: 1,
    runId: 'run-1',
    migbench: '0.1.0',
    node: '20.20.2',
    startedAt: '2026-01-02T03:04:05.000Z',
    planName: 'example',
    planHash: 'abc',
    seed: 1,
    repetitions: 2,
    thresholds: [],
    plannedTrials: 2,
    host: {
      kernel: '6.1',
      cpuModel: 'Example CPU',
      cpus: 2,
      memoryBytes: 8589934592,
      distribution: 'Debian 12',
    },
    sandboxMode: 'namespaces',
    guestNetwork: 'tap',
    notes: [],
    accelerators: [],
    qemu: [],
    image: { key: 'k', kernel: '6.1', suite: 'bookworm' },
    calibrations: [],
    ...overrides,
  };
}

/** A resolved plan, as far as the record looks at it. */
export const examplePlan: RunPlan = {
  schemaVersion: 1,
  name: 'example',
  cells: [
    {
      id: 'idle/precopy/1Gbit/384MiB/system~00000001',
      labels: exampleRecord().labels,
      spec: { deadlineMs: 20000 },
    },
  ],
  repetitions: 2,
  seed: 1,
  thresholds: [],
};
