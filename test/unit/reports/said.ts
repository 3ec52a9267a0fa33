/** Made-up cells and what the verdict says of them. */
import type { Measurements, TrialRecord } from '../../../harness/record/schema.ts';
import { buildModel } from '../../../reports/model.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from '../record/examples.ts';

/** A cell and what became of its trials. */
export interface Given {
  readonly workload?: string;
  readonly setting: string;
  readonly link?: readonly [label: string, bitsPerSecond: number];
  readonly qemu?: string;
  readonly accelerator?: 'kvm' | 'tcg';
  readonly results: readonly (Measurements | 'not converged' | 'failed')[];
  readonly downtimeLimitMs?: number;
}

export const slow = ['200Mbit', 2e8] as const;
export const fast = ['1Gbit', 1e9] as const;

function ended(result: Given['results'][number]): Pick<TrialRecord, 'outcome' | 'measurements'> {
  if (result === 'not converged') {
    return { outcome: { kind: 'not-converged', detail: '' }, measurements: {} };
  }
  if (result === 'failed') {
    return { outcome: { kind: 'failed', reason: 'migration-error', detail: '' }, measurements: {} };
  }
  return { outcome: { kind: 'completed' }, measurements: result };
}

function records(cells: readonly Given[]): TrialRecord[] {
  return cells.flatMap(
    ({
      workload = 'memory-stress',
      setting,
      link = slow,
      qemu = 'system',
      accelerator = 'kvm',
      results,
      downtimeLimitMs,
    }) =>
      results.map((result, i) => {
        const id = [workload, setting, link[0], qemu].join('/');
        const side = { capabilities: {}, parameters: { 'downtime-limit': downtimeLimitMs ?? 300 } };
        return exampleRecord({
          cellId: id,
          trialId: `${id} ${i}`,
          labels: { workload, setting, link: link[0], guest: '384MiB', qemu },
          link: { bandwidthBitsPerSecond: link[1] },
          ...(downtimeLimitMs === undefined
            ? {}
            : { effective: { source: side, destination: side } }),
          accelerator,
          ...ended(result),
        });
      }),
  );
}

/** The sentences of one rule, of a run with these cells. */
export function said(cells: readonly Given[], rule: string): readonly string[] {
  const model = buildModel({
    directory: 'run',
    environment: exampleEnvironment(),
    plan: examplePlan,
    records: records(cells),
    warnings: [],
  });
  return model.findings.filter((finding) => finding.rule === rule).map(({ text }) => text);
}
