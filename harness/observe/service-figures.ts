/**
 * What a client's requests say: latencies before, during and after the migration, errors, and the longest time without
 * a good answer. Every latency counts from the time at which the schedule wanted the request sent.
 */
import { known } from '../migration/totals.ts';
import type { TimelineSample } from '../record/schema.ts';
import type { Moments, ProbeReport } from './probe.ts';
import type { ServiceLog, ServiceRequest } from './service-job.ts';

/** A p99 needs this many requests: three of them lie above it. */
const P99_REQUESTS = 300;
/** Upper bounds of the histograms, ms; what is above the last is counted without one. */
const BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const;
/** Length of one sample of the timeline, ms; and how much of the time before `migrate` is in it. */
const SLOT_MS = 50;
const LEAD_MS = 1_000;
/** Kinds of errors that are kept in the record. */
const ERROR_KINDS = 5;

/** A request, and how long its customer waited. */
interface Served {
  readonly intendedMs: number;
  /** Until its good answer; where it had none, until the next one of the service, or until the end. */
  readonly latencyMs: number;
  readonly error?: string;
  readonly isUnanswered: boolean;
}

/** @param log with times on the clock of `moments`. */
export function serviceReport(
  log: ServiceLog,
  requestsPerSecond: number,
  moments: Moments,
): ProbeReport {
  const { baselineFromMs, baselineToMs, startedAtMs, migratedAtMs, endedAtMs } = moments;
  const requests = log.requests.filter(({ intendedMs }) => intendedMs <= endedAtMs);
  const answers = goodAnswers(requests, endedAtMs);
  const served = requests.map((request) => serve(request, answers, endedAtMs));
  const between = (fromMs: number, toMs: number) =>
    served.filter(({ intendedMs }) => intendedMs >= fromMs && intendedMs < toMs);
  // Between the two a disk may be copied: that is no baseline.
  const before = between(baselineFromMs, baselineToMs);
  const during = between(startedAtMs, migratedAtMs);
  const after = between(migratedAtMs, Number.POSITIVE_INFINITY);
  const sinceMigrate = [...during, ...after];
  const errors = sinceMigrate.filter(({ error }) => error !== undefined);
  return {
    measurements: known({
      serviceOutageMs: longestWait(answers, startedAtMs, endedAtMs),
      serviceP99BaselineMs: p99(before),
      serviceP99DuringMs: p99(during),
      serviceErrors: errors.length,
    }),
    timeline: timelineOf(served, startedAtMs),
    details: {
      requestsPerSecond,
      reconnects: log.reconnects,
      outageFloorMs: longestWait(answers, baselineFromMs, baselineToMs),
      unanswered: served.filter(({ isUnanswered }) => isUnanswered).length,
      errors: kindsOf(errors),
      before: latencies(before),
      during: latencies(during),
      after: latencies(after),
    },
  };
}

/** Times of good answers, ascending. */
function goodAnswers(requests: readonly ServiceRequest[], endedAtMs: number): number[] {
  return requests
    .filter(({ error }) => error === undefined)
    .map(({ endedMs }) => endedMs)
    .filter((endedMs): endedMs is number => endedMs !== undefined && endedMs <= endedAtMs)
    .sort((one, other) => one - other);
}

function serve(request: ServiceRequest, answers: readonly number[], lastMs: number): Served {
  const { intendedMs, endedMs, error } = request;
  const isGood = error === undefined && endedMs !== undefined && endedMs <= lastMs;
  const untilMs = isGood ? endedMs : (firstFrom(answers, endedMs ?? lastMs) ?? lastMs);
  return {
    intendedMs,
    latencyMs: Math.max(0, untilMs - intendedMs),
    ...(error === undefined ? {} : { error }),
    isUnanswered: error === undefined && !isGood,
  };
}

/** The first of ascending times that is not before `fromMs`. */
function firstFrom(times: readonly number[], fromMs: number): number | undefined {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((times[middle] ?? 0) < fromMs) low = middle + 1;
    else high = middle;
  }
  return times[low];
}

/** The longest time between good answers that reaches into a stretch; `undefined` where there never was one. */
function longestWait(answers: readonly number[], fromMs: number, toMs: number): number | undefined {
  if (answers.length === 0) return undefined;
  const first = answers.findLast((atMs) => atMs <= fromMs) ?? fromMs;
  const marks = [first, ...answers.filter((atMs) => atMs > fromMs && atMs < toMs)];
  const next = answers.find((atMs) => atMs >= toMs) ?? toMs;
  const waits = [...marks.slice(1), next].map((atMs, index) => atMs - (marks[index] ?? atMs));
  return round(waits.reduce((most, waitMs) => Math.max(most, waitMs), 0));
}

function p99(requests: readonly Served[]): number | undefined {
  return requests.length < P99_REQUESTS ? undefined : quantile(sorted(requests), 0.99);
}

function sorted(requests: readonly Served[]): number[] {
  return requests.map(({ latencyMs }) => latencyMs).sort((one, other) => one - other);
}

function quantile(ascending: readonly number[], fraction: number): number | undefined {
  const value = ascending[Math.ceil(fraction * ascending.length) - 1];
  return value === undefined ? undefined : round(value);
}

/** How long customers waited, in one window. Counts of the histogram are of each range alone, not of all below. */
function latencies(requests: readonly Served[]) {
  const ascending = sorted(requests);
  const histogram = [...BOUNDS_MS, undefined].map((upToMs, index) => {
    const fromMs = BOUNDS_MS[index - 1] ?? Number.NEGATIVE_INFINITY;
    const isIn = (ms: number) => ms > fromMs && (upToMs === undefined || ms <= upToMs);
    return { ...(upToMs === undefined ? {} : { upToMs }), count: ascending.filter(isIn).length };
  });
  return {
    requests: ascending.length,
    ...known({
      p50Ms: quantile(ascending, 0.5),
      p90Ms: quantile(ascending, 0.9),
      longestMs: quantile(ascending, 1),
    }),
    histogram: histogram.filter(({ count }) => count > 0),
  };
}

/** The most frequent errors first. */
function kindsOf(errors: readonly Served[]): { message: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { error = '' } of errors) counts.set(error, (counts.get(error) ?? 0) + 1);
  return [...counts]
    .map(([message, count]) => ({ message, count }))
    .sort((one, other) => other.count - one.count)
    .slice(0, ERROR_KINDS);
}

/** Per slot the longest wait of the requests that were due in it, and how many of them failed. */
function timelineOf(requests: readonly Served[], startedAtMs: number): TimelineSample[] {
  const slots = new Map<number, { latencyMs: number; errors: number }>();
  for (const { intendedMs, latencyMs, error } of requests) {
    if (intendedMs < startedAtMs - LEAD_MS) continue;
    const slot = Math.floor((intendedMs - startedAtMs) / SLOT_MS);
    const sample = slots.get(slot) ?? { latencyMs: 0, errors: 0 };
    slots.set(slot, {
      latencyMs: Math.max(sample.latencyMs, latencyMs),
      errors: sample.errors + (error === undefined ? 0 : 1),
    });
  }
  return [...slots].map(([slot, { latencyMs, errors }]) => ({
    atMs: slot * SLOT_MS,
    kind: 'service',
    values: { latencyMs: round(latencyMs), errors },
  }));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
