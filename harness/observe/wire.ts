/**
 * The wire over time: bytes on the migration link each way per 50 ms, as its shapers count them. Those of a competing
 * stream stand apart, as `competingBytes`.
 */
import type { LinkCounters } from '../sandbox/host.ts';
import type { TimelineSample } from '../record/schema.ts';
import type { Probe, ProbeContext } from './probe.ts';
import { Sampler } from './sampler.ts';

const INTERVAL_MS = 50;

interface Reading extends LinkCounters {
  /** Monotonic, ms. */
  readonly atMs: number;
}

/** Timeline samples of kind `wire`; none where the mode has no link of its own. */
export function wireProbe({ stage: { sandbox } }: ProbeContext): Probe | undefined {
  if (sandbox.mode === 'loopback') return undefined;
  const readings: Reading[] = [];
  const sampler = new Sampler(INTERVAL_MS, async () => {
    const counters = await sandbox.readLinkCounters();
    if (counters !== undefined) readings.push({ atMs: performance.now(), ...counters });
  });
  return {
    name: 'wire',
    start: () => {
      sampler.start();
      return Promise.resolve();
    },
    stop: () => sampler.stop(),
    report: ({ startedAtMs }) => ({ timeline: wireSamples(readings, startedAtMs) }),
  };
}

/** Each sample is what passed since the one before; the baseline window has negative times. */
export function wireSamples(readings: readonly Reading[], startedAtMs: number): TimelineSample[] {
  return readings.slice(1).map((reading, index) => {
    const before = readings[index] ?? reading;
    const since = (field: 'toDestinationBytes' | 'toSourceBytes' | 'competingBytes') =>
      // The shaper and the counter of the stream are not read in the same instant.
      Math.max(0, (reading[field] ?? 0) - (before[field] ?? 0));
    return {
      atMs: Math.round((reading.atMs - startedAtMs) * 1000) / 1000,
      kind: 'wire',
      bytesToDestination: since('toDestinationBytes'),
      bytesToSource: since('toSourceBytes'),
      values: {
        intervalMs: Math.round((reading.atMs - before.atMs) * 1000) / 1000,
        ...(reading.competingBytes === undefined
          ? {}
          : { competingBytes: since('competingBytes') }),
      },
    };
  });
}
