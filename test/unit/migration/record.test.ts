/** From what a trial saw to its record. */
import { expect, test } from 'vitest';
import {
  isExpected,
  recordOf,
  recordWithout,
  skippedBy,
  type RecordContext,
} from '../../../harness/migration/record.ts';
import type { Outcome } from '../../../harness/record/schema.ts';
import { trialRecordSchema } from '../../../harness/record/schema.ts';
import { builtInWorkload } from '../../../workloads/registry.ts';
import { plannedTrial } from './fixtures.ts';

const outcomes: Record<Outcome['kind'], Outcome> = {
  completed: { kind: 'completed' },
  'not-converged': { kind: 'not-converged', detail: 'd' },
  failed: { kind: 'failed', reason: 'guest-dead', detail: 'd' },
  skipped: { kind: 'skipped', reason: 'not-supported', detail: 'd' },
  invalid: { kind: 'invalid', reason: 'load-gate', detail: 'd' },
};

test.each([
  [undefined, ['completed', 'not-converged', 'skipped', 'invalid']],
  ['completed', ['completed', 'invalid']],
  ['not-converged', ['not-converged', 'skipped', 'invalid']],
  ['failed', ['failed', 'skipped', 'invalid']],
] as const)('expect: %s allows %j', (expect_, allowed) => {
  const found = Object.values(outcomes)
    .filter((outcome) => isExpected(outcome, expect_))
    .map(({ kind }) => kind);
  expect(found).toEqual(allowed);
});

const build = {
  ...{ reference: 'system', resolvedReference: 'path:/q', version: '10.0.13', package: 'Debian' },
  ...{ sha256: 'ab', program: { file: '/q', args: [] }, binary: '/q', firmwareArgs: [] },
};
const idle = builtInWorkload('idle')!.definition;
const context: RecordContext = {
  environment: { runId: 'run-1', sandboxMode: 'namespaces' },
  trial: plannedTrial({
    capabilities: { multifd: true },
    parameters: { 'max-bandwidth': 'unlimited' },
  }),
  workload: idle,
  builds: { source: build, destination: { ...build, version: '11.1.3' } },
  startedAt: '2026-01-02T03:04:05.000Z',
  machine: { accelerator: 'tcg', machineType: 'pc-i440fx-10.0', cpu: 'qemu64' },
};

test('a trial that was run: what was asked, what was effective, and where its files are', () => {
  const effective = {
    source: { capabilities: { multifd: true }, parameters: { 'max-bandwidth': 'unlimited' } },
    destination: { capabilities: { multifd: true }, parameters: {} },
  };
  const record = recordOf(context, {
    outcome: outcomes.failed,
    integrity: 'damaged',
    integrityDetail: 'page 3',
    effective,
    measurements: { transferredBytes: 5 },
    timeline: [],
    details: {},
    overheadMs: { restore: 7 },
    warnings: [{ code: 'c', message: 'm' }],
  });
  expect(record).toMatchObject({
    runId: 'run-1',
    cellId: 'idle/precopy/1Gbit/256MiB/system~00000001',
    trialId: '000-003-00000001',
    ...{ block: 0, position: 3, repetition: 2 },
    guest: { memoryBytes: 268435456, vcpus: 1, backend: 'ram', cpu: 'qemu64' },
    accelerator: 'tcg',
    machineType: 'pc-i440fx-10.0',
    qemu: { source: { version: '10.0.13' }, destination: { version: '11.1.3' } },
    requested: { capabilities: { multifd: true }, parameters: { 'max-bandwidth': 'unlimited' } },
    effective,
    outcome: outcomes.failed,
    expected: false,
    integrity: 'damaged',
    integrityDetail: 'page 3',
    artifacts: {
      sourceQmp: 'trials/000-003-00000001/source.qmp.jsonl',
      destinationConsole: 'trials/000-003-00000001/destination.console.log',
    },
  });
  // There was no migration, so there is no timeline.
  expect(record.artifacts).not.toHaveProperty('timeline');
  expect(trialRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
});

test('a trial that was not run: no files, no figures, and the remedy', () => {
  const { machine: _, ...unknown } = context;
  const refusal = { reason: 'host-forbids', detail: 'd', remedy: 'as root' } as const;
  const record = recordWithout(unknown, skippedBy(refusal));
  expect(record.outcome).toEqual({ kind: 'skipped', ...refusal });
  expect(record).toMatchObject({ expected: true, measurements: {}, overheadMs: {}, artifacts: {} });
  for (const name of ['accelerator', 'machineType', 'effective', 'integrity']) {
    expect(record).not.toHaveProperty(name);
  }
  expect(trialRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
});
