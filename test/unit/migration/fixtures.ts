/** Cells and observations of the migration tests: the least there can be, overridden field by field. */
import type { MigrationObservation } from '../../../harness/migration/observation.ts';
import type { CellSpec, PlannedTrial } from '../../../harness/plan/types.ts';

export function cellSpec(overrides: Partial<CellSpec> = {}): CellSpec {
  return {
    workload: { id: 'idle', parameters: {} },
    guest: { memoryBytes: 256 * 2 ** 20, vcpus: 1, backend: 'ram' },
    accelerator: 'auto',
    qemu: { source: 'system', destination: 'system' },
    link: { bandwidthBitsPerSecond: 1e9 },
    transport: 'tcp',
    capabilities: {},
    parameters: {},
    windows: { baselineMs: 1000, settleMs: 1000, settleLimitMs: 10_000 },
    probes: { heartbeat: 'auto', service: true },
    deadlineMs: 20_000,
    ...overrides,
  };
}

export function plannedTrial(overrides: Partial<CellSpec> = {}): PlannedTrial {
  return {
    id: '000-003-00000001',
    cell: {
      id: 'idle/precopy/1Gbit/256MiB/system~00000001',
      labels: {
        ...{ workload: 'idle', setting: 'precopy', link: '1Gbit' },
        ...{ guest: '256MiB', qemu: 'system' },
      },
      spec: cellSpec(overrides),
    },
    block: 0,
    position: 3,
    repetition: 2,
  };
}

export function observation(overrides: Partial<MigrationObservation> = {}): MigrationObservation {
  return {
    end: { kind: 'completed' },
    startedAtMs: 1000,
    endedAtMs: 3000,
    samples: [],
    events: [],
    warnings: [],
    ...overrides,
  };
}
