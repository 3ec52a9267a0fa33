/** What a migration's samples add up to: the columns of the record that come from QEMU's own words. */
import type { Measurements } from '../record/schema.ts';
import type { MigrationObservation } from './observation.ts';

/** The last value above zero of a figure that QEMU resets when it is done. */
function lastNonZero(values: readonly (number | undefined)[]): number | undefined {
  return values.findLast((value) => value !== undefined && value > 0);
}

/** The highest of what is known; `undefined` for none. Not by arguments: there may be hundreds of thousands. */
export function highest(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce(
    (most, value) => (value === undefined ? most : Math.max(most ?? value, value)),
    undefined,
  );
}

/** Leave out what is not known: an absent field is unknown, never 0. */
export function known(values: Readonly<Record<string, number | undefined>>) {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

/**
 * QEMU's own figures of a migration. Times and the downtime exist only where it completed; the counters also where
 * it was cancelled, from the last sample that had them.
 *
 * @param mayThrottle whether auto-converge was on: QEMU gives its percentage only while it throttles, so that silence
 *   is a 0 then, and unknown otherwise.
 */
export function totalsOf(observation: MigrationObservation, mayThrottle = false): Measurements {
  const { samples, final, end } = observation;
  const completed = end.kind === 'completed' && (final?.totalTimeMs ?? 0) > 0;
  const last = samples.findLast((sample) => sample.transferredBytes !== undefined);
  const transferMs = (final?.totalTimeMs ?? 0) - (final?.setupTimeMs ?? 0);
  const measured = {
    totalTimeMs: completed ? final?.totalTimeMs : undefined,
    setupTimeMs: completed ? final?.setupTimeMs : undefined,
    downtimeMs: completed ? final?.downtimeMs : undefined,
    expectedDowntimeMs: lastNonZero(samples.map((sample) => sample.expectedDowntimeMs)),
    dirtyPagesPerSecond: lastNonZero(samples.map((sample) => sample.dirtyPagesPerSecond)),
    pauseMs: observation.pauseMs,
    storageBytes: observation.savedFile?.allocatedBytes,
    transferredBytes: last?.transferredBytes,
    passes: last?.passes,
    normalPages: last?.normalPages,
    zeroPages: last?.zeroPages,
    throttleMaxPercent:
      highest(samples.map((sample) => sample.throttlePercent)) ??
      (mayThrottle && samples.length > 0 ? 0 : undefined),
    throughputBitsPerSecond:
      completed && transferMs > 0 && last?.transferredBytes !== undefined
        ? (last.transferredBytes * 8 * 1000) / transferMs
        : undefined,
    postcopyRequests: highest(samples.map((sample) => sample.postcopyRequests)),
    postcopyBlocktimeMs: highest(samples.map((sample) => sample.postcopyBlocktimeMs)),
  };
  return known(measured);
}

/**
 * All that a destination says of post-copy, by QEMU's own names: blocktimes in ms, and on builds that have them page
 * fault latencies in ns (`postcopy-latency…`, with their distribution by powers of two of 1 µs). Absent where post-copy did not
 * happen.
 */
export function postcopyDetails(
  reply: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const fields = Object.entries(reply).filter(([name]) => name.startsWith('postcopy-'));
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

/** Only a completed trial has a downtime and a total time, whatever QEMU said of a guest that is dead. */
export function withoutTimes(measurements: Measurements): Measurements {
  const { downtimeMs: _downtime, pauseMs: _pause, totalTimeMs: _total, ...others } = measurements;
  return others;
}
