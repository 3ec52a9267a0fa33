/** What the arrivals of heartbeats say: gaps, the noise floor, the gap around the switchover, the blackout. */
import { known } from '../migration/totals.ts';
import type { TimelineSample } from '../record/schema.ts';
import type { Moments, ProbeReport } from './probe.ts';

/** One beat at the receiver. */
export interface Beat {
  /** Arrival on the host's monotonic clock (performance.now), ms. */
  readonly atMs: number;
  readonly sequence: number;
  /** Slots of the schedule that passed without a beat, so far. */
  readonly skipped: number;
}

/** A stretch without a beat. */
interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** Longer than a period by this, ms; never negative. */
  readonly excessMs: number;
}

/** Gaps of at least these lengths are counted for the record, ms. */
const THRESHOLDS_MS = [10, 50, 100, 500, 1_000] as const;
const GAP_COLUMN_MS = 100;
/** A p99 needs this many gaps: two of them lie above it. */
const P99_GAPS = 200;
/** Shortest gap that is worth a sample of the timeline, in periods. */
const NOTABLE_PERIODS = 3;
/** Most gaps in a timeline: the longest ones. */
const NOTABLE_GAPS = 2_000;

/** Between consecutive arrivals, whatever was lost between them. */
export function gapsOf(beats: readonly Beat[], periodMs: number): Gap[] {
  return beats.slice(1).map((beat, index) => {
    const fromMs = beats[index]?.atMs ?? beat.atMs;
    return { fromMs, toMs: beat.atMs, excessMs: Math.max(0, beat.atMs - fromMs - periodMs) };
  });
}

/** @param beats of one session in the order of their arrival. */
export function heartbeatReport(
  beats: readonly Beat[],
  periodMs: number,
  moments: Moments,
): ProbeReport {
  const { baselineFromMs, baselineToMs, startedAtMs, endedAtMs } = moments;
  const gaps = gapsOf(beats, periodMs);
  const last = beats.at(-1);
  // A guest that fell silent for good: the gap lasts until the end.
  if (last !== undefined && last.atMs < endedAtMs) {
    const excessMs = Math.max(0, endedAtMs - last.atMs - periodMs);
    gaps.push({ fromMs: last.atMs, toMs: endedAtMs, excessMs });
  }
  const baseline = gaps.filter(
    ({ fromMs, toMs }) => fromMs >= baselineFromMs && toMs <= baselineToMs,
  );
  // From there to `migrate` a disk may be copied.
  const before = gaps.filter(({ toMs }) => toMs <= baselineToMs);
  const during = gaps.filter(({ fromMs, toMs }) => toMs > startedAtMs && fromMs < endedAtMs);
  const floorMs = longest(baseline);
  return {
    measurements: known({
      heartbeatPeriodUs: periodMs * 1000,
      heartbeatJitterP99Ms: before.length < P99_GAPS ? undefined : quantile(before, 0.99),
      blackoutFloorMs: floorMs,
      blackoutMs: longest(during),
      switchoverGapMs: moments.completed ? switchoverGap(during, periodMs, moments) : undefined,
      gapsOver100ms: during.filter(({ excessMs }) => excessMs >= GAP_COLUMN_MS).length,
    }),
    timeline: notable(during, Math.max(NOTABLE_PERIODS * periodMs, floorMs ?? 0), startedAtMs),
    details: {
      beats: beats.length,
      ...losses(beats),
      gaps: THRESHOLDS_MS.map((thresholdMs) => {
        const over = during.filter(({ excessMs }) => excessMs >= thresholdMs);
        const totalMs = over.reduce((sum, { excessMs }) => sum + excessMs, 0);
        return { thresholdMs, count: over.length, totalMs: round(totalMs) };
      }),
    },
  };
}

/** The last beat before STOP may arrive a little after it: the longest gap within a period of STOP. */
function switchoverGap(
  gaps: readonly Gap[],
  periodMs: number,
  { stopAtMs }: Moments,
): number | undefined {
  if (stopAtMs === undefined) return undefined;
  return longest(
    gaps.filter(({ fromMs, toMs }) => toMs >= stopAtMs - periodMs && fromMs <= stopAtMs + periodMs),
  );
}

function longest(gaps: readonly Gap[]): number | undefined {
  if (gaps.length === 0) return undefined;
  return round(gaps.reduce((most, { excessMs }) => Math.max(most, excessMs), 0));
}

function quantile(gaps: readonly Gap[], fraction: number): number | undefined {
  const sorted = gaps.map(({ excessMs }) => excessMs).sort((one, other) => one - other);
  const value = sorted[Math.ceil(fraction * sorted.length) - 1];
  return value === undefined ? undefined : round(value);
}

/** Datagrams lost on the way, and slots in which the guest itself was late. */
function losses(beats: readonly Beat[]): { lost: number; skippedSlots: number } {
  const first = beats[0];
  const last = beats.at(-1);
  if (first === undefined || last === undefined) return { lost: 0, skippedSlots: 0 };
  return {
    lost: last.sequence - first.sequence + 1 - new Set(beats.map(({ sequence }) => sequence)).size,
    skippedSlots: last.skipped - first.skipped,
  };
}

function notable(gaps: readonly Gap[], leastMs: number, startedAtMs: number): TimelineSample[] {
  return gaps
    .filter(({ excessMs }) => excessMs > leastMs)
    .sort((one, other) => other.excessMs - one.excessMs)
    .slice(0, NOTABLE_GAPS)
    .map(({ fromMs, excessMs }) => ({
      atMs: round(fromMs - startedAtMs),
      kind: 'heartbeat',
      values: { gapMs: round(excessMs) },
    }));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
