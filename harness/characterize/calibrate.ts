/**
 * What hosts, link and QEMU cost, from migrations of an idle guest: everything of a migration that is no property of
 * the workload. These migrations are not among those that predictions are validated with.
 */
import { MigbenchError } from '../errors.ts';
import type { TrialRecord } from '../record/schema.ts';
import { meanOf, medianOf } from '../analysis/numbers.ts';
import type { Calibration } from './calibration.ts';
import type { Card } from './card.ts';
import { assumedCosts, type HostCosts } from './conditions.ts';
import { predict } from './predict.ts';
import { workloadOf } from './recommend.ts';
import { conditionsOf, isPlain } from './validation.ts';
import { payloadBytesPerSecond } from './wire.ts';

interface CalibrationTrial {
  readonly record: TrialRecord;
  /** Of the link; absent where it was unlimited. */
  readonly bytesPerSecond?: number;
  readonly totalTimeMs: number;
  readonly setupMs: number;
  readonly downtimeMs: number;
  readonly bytes: number;
  readonly zeroPages: number;
}

/** Rounds in which the figures, which depend on each other, settle. */
const ROUNDS = 3;

/**
 * @param records of an idle guest over links of several bandwidths, one of them unlimited.
 * @param card of that guest.
 * @throws MigbenchError `record` where too few of them completed.
 */
export function calibrate(
  records: readonly TrialRecord[],
  card: Card,
  createdAt: string,
): Calibration {
  const trials = records.flatMap((record) => trialOf(record) ?? []);
  const limited = trials.filter(({ bytesPerSecond }) => bytesPerSecond !== undefined);
  const unlimited = trials.filter(({ bytesPerSecond }) => bytesPerSecond === undefined);
  if (limited.length < 3 || unlimited.length === 0) {
    throw new MigbenchError(
      'record',
      `Calibrating needs three completed migrations over links with a limit and one without, found ${limited.length} and ` +
        `${unlimited.length}: look at their record.`,
    );
  }
  const setupMs = medianOf(trials.map((trial) => trial.setupMs));
  let costs: HostCosts = { ...assumedCosts, source: 'measured', setupMs };
  const refined = (from: HostCosts): HostCosts => {
    const better = { ...from, ...downtimeCosts(limited, card, from) };
    return { ...better, ...rates(limited, unlimited, better) };
  };
  for (let round = 0; round < ROUNDS; round += 1) costs = refined(costs);
  const { deviceMs, streamBytesPerSecond, zeroPagesPerSecond, socketBytes } = costs;
  const [first] = records;
  return {
    schemaVersion: 1,
    createdAt,
    source: `${trials.length} migrations of ${card.workload} with QEMU ${first?.qemu.source.version ?? 'unknown'}`,
    accelerator: card.accelerator,
    ...{ deviceMs, setupMs, streamBytesPerSecond, zeroPagesPerSecond, socketBytes },
    trials: trials.length,
    qemuVersion: card.qemu.version,
    guest: { memoryBytes: card.guest.memoryBytes, vcpus: card.guest.vcpus },
  };
}

function trialOf(record: TrialRecord): CalibrationTrial | undefined {
  const { totalTimeMs, setupTimeMs, downtimeMs, transferredBytes, zeroPages } = record.measurements;
  if (record.outcome.kind !== 'completed' || totalTimeMs === undefined) return undefined;
  if (downtimeMs === undefined || transferredBytes === undefined) return undefined;
  const { bandwidthBitsPerSecond: bandwidth } = record.link;
  if (!isPlain(record)) return undefined;
  return {
    record,
    ...{ totalTimeMs, downtimeMs },
    setupMs: setupTimeMs ?? 0,
    bytes: transferredBytes,
    zeroPages: zeroPages ?? 0,
    ...(bandwidth === 'unlimited' ? {} : { bytesPerSecond: payloadBytesPerSecond(bandwidth) }),
  };
}

/**
 * What the downtime has beside the memory that the model says is left: the same time everywhere (devices), and the same
 * bytes everywhere (what is on its way). A line through (1/B, rest) by least squares, neither part below zero.
 */
function downtimeCosts(
  limited: readonly CalibrationTrial[],
  card: Card,
  costs: HostCosts,
): Pick<HostCosts, 'deviceMs' | 'socketBytes'> {
  const bare = { ...costs, deviceMs: { low: 0, expected: 0, high: 0 }, socketBytes: 0 };
  const points = limited.flatMap(({ record, downtimeMs, bytesPerSecond }) => {
    const conditions = conditionsOf(record);
    if (conditions === undefined || bytesPerSecond === undefined) return [];
    // With what is in the socket, since that makes the first pass shorter, but without its share of the downtime.
    const whole = predict(workloadOf(card), conditions, {
      ...bare,
      socketBytes: costs.socketBytes,
    });
    const memoryMs =
      (whole.downtimeMs?.expected ?? 0) - (1000 * costs.socketBytes) / bytesPerSecond;
    return [{ perByte: 1000 / bytesPerSecond, restMs: downtimeMs - memoryMs }];
  });
  const meanX = meanOf(points.map(({ perByte }) => perByte));
  const meanY = meanOf(points.map(({ restMs }) => restMs));
  const covariance = meanOf(
    points.map(({ perByte, restMs }) => (perByte - meanX) * (restMs - meanY)),
  );
  const variance = meanOf(points.map(({ perByte }) => (perByte - meanX) ** 2));
  let socketBytes = variance === 0 ? 0 : Math.max(0, covariance / variance);
  let device = meanY - socketBytes * meanX;
  if (device < 0) {
    device = 0;
    socketBytes = Math.max(0, meanY / meanX);
  }
  const left = points.map(({ perByte, restMs }) => restMs - socketBytes * perByte - device);
  return {
    socketBytes,
    deviceMs: {
      low: Math.max(0, device + Math.min(...left)),
      expected: device,
      high: device + Math.max(0, ...left),
    },
  };
}

/** What the total time has beside the bytes over the link, as pages of zeros; and the stream where no link limits it. */
function rates(
  limited: readonly CalibrationTrial[],
  unlimited: readonly CalibrationTrial[],
  costs: HostCosts,
): Pick<HostCosts, 'zeroPagesPerSecond' | 'streamBytesPerSecond'> {
  const fixedMs = costs.setupMs + costs.deviceMs.expected;
  const perZeroPage = limited.map(({ totalTimeMs, bytes, bytesPerSecond = Infinity, zeroPages }) =>
    zeroPages === 0 ? 0 : (totalTimeMs - fixedMs - (1000 * bytes) / bytesPerSecond) / zeroPages,
  );
  // A microsecond for 16 KiB is more than any processor looks through.
  const zeroMs = Math.max(0.00025, medianOf(perZeroPage));
  const streams = unlimited.map(({ totalTimeMs, bytes, zeroPages }) => {
    const ms = totalTimeMs - fixedMs - zeroPages * zeroMs;
    return (1000 * bytes) / Math.max(ms, 0.05 * totalTimeMs);
  });
  return { zeroPagesPerSecond: 1000 / zeroMs, streamBytesPerSecond: medianOf(streams) };
}
