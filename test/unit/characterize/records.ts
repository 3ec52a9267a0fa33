/** Records made from the model itself, with known costs. */
import type { Card } from '../../../harness/characterize/card.ts';
import {
  assumedCosts,
  type Conditions,
  type HostCosts,
} from '../../../harness/characterize/conditions.ts';
import { makeCard } from '../../../harness/characterize/make-card.ts';
import { predict } from '../../../harness/characterize/predict.ts';
import { workloadOf } from '../../../harness/characterize/recommend.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { frame, measurement, MIB } from './measurement.ts';

/** What hosts cost, which the predictor does not know. */
export const truth: HostCosts = {
  ...assumedCosts,
  deviceMs: { low: 20, expected: 20, high: 20 },
  setupMs: 4,
  streamBytesPerSecond: 4e8,
  zeroPagesPerSecond: 4e5,
  socketBytes: 2e6,
};
export const idle = makeCard(
  { ...frame, workload: 'idle', workloadParams: {} },
  measurement(() => 200_000),
);
export const busy = makeCard(
  frame,
  measurement((ms) => Math.min(64, ms / 50) * MIB),
);

/** What a trial records that goes exactly as the model says, under costs that the predictor does not know. */
export function record(
  card: Card,
  bandwidth: Conditions['bandwidthBitsPerSecond'],
  limitMs: number,
  more: Partial<TrialRecord> = {},
): TrialRecord {
  const conditions = {
    setting: 'precopy',
    bandwidthBitsPerSecond: bandwidth,
    downtimeLimitMs: limitMs,
  } as const;
  const { convergence, totalTimeMs, bytes, downtimeMs } = predict(
    workloadOf(card),
    conditions,
    truth,
  );
  const completed = convergence === 'yes';
  const zeroPages = (card.guest.memoryBytes - card.nonZeroBytes) / 4096;
  return {
    ...{ schemaVersion: 1, runId: 'r', cellId: 'c', trialId: `${bandwidth}-${limitMs}` },
    ...{ block: 0, position: 0, repetition: 1, startedAt: '2026-11-25T08:00:00.000Z' },
    labels: { workload: card.workload, setting: 'x', link: 'x', guest: 'x', qemu: 'x' },
    workload: { id: card.workload, parameters: card.workloadParams, unit: '', loop: 'none' },
    guest: { memoryBytes: card.guest.memoryBytes, vcpus: card.guest.vcpus, backend: 'ram' },
    accelerator: 'tcg',
    qemu: { source: card.qemu, destination: card.qemu },
    ...{ transport: 'tcp', sandboxMode: 'namespaces' },
    link: { bandwidthBitsPerSecond: bandwidth },
    windows: { baselineMs: 1, settleMs: 1, settleLimitMs: 1 },
    deadlineMs: 40_000,
    requested: { capabilities: {}, parameters: { 'downtime-limit': limitMs } },
    outcome: completed ? { kind: 'completed' } : { kind: 'not-converged', detail: '' },
    expected: true,
    measurements: completed
      ? {
          setupTimeMs: truth.setupMs,
          totalTimeMs: totalTimeMs!.expected,
          transferredBytes: bytes!.expected,
          downtimeMs: downtimeMs!.expected,
          ...{ zeroPages, passes: 3 },
        }
      : {},
    ...{ overheadMs: {}, warnings: [], artifacts: {} },
    ...more,
  };
}
