/** The timeline of a trial: samples, progress and phases on one time axis, written when the trial is over. */
import { writeFile } from 'node:fs/promises';
import type { Sample } from '../guest/telemetry-samples.ts';
import type { MigrationObservation, TimedSample } from '../migration/observation.ts';
import { phasesOf } from '../migration/phases.ts';
import type { TimelineSample } from '../record/schema.ts';

/** Progress before `migrate` that is kept, ms: the end of the baseline window. */
const LEAD_MS = 1_000;

/** Times are ms since `migrate`; progress of the baseline window has negative ones. */
export function timelineOf(
  observation: MigrationObservation,
  progress: readonly Sample[],
  probed: readonly TimelineSample[] = [],
): TimelineSample[] {
  const { startedAtMs } = observation;
  const lastMs = Math.max(
    observation.endedAtMs - startedAtMs,
    (progress.at(-1)?.arrivedMs ?? 0) - startedAtMs,
  );
  const migration = observation.samples.map((sample): TimelineSample => {
    const figures = {
      remainingBytes: sample.remainingBytes,
      transferredBytes: sample.transferredBytes,
      rateBitsPerSecond: sample.rateBitsPerSecond,
      dirtyPagesPerSecond: sample.dirtyPagesPerSecond,
      throttlePercent: sample.throttlePercent,
      pass: sample.passes,
    };
    return {
      atMs: round(sample.atMs),
      kind: 'migration',
      ...(sample.status === undefined ? {} : { status: sample.status }),
      ...Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined)),
      ...valuesOf(otherFigures(sample, figures)),
    };
  });
  const phases = phasesOf(observation.events, lastMs).map((phase): TimelineSample => ({
    atMs: round(phase.startMs),
    kind: 'phase',
    phase: phase.name,
    ...(phase.endMs === undefined ? {} : { values: { endMs: round(phase.endMs) } }),
  }));
  return [...migration, ...progressSamples(progress, startedAtMs), ...probed, ...phases].sort(
    (a, b) => a.atMs - b.atMs,
  );
}

/** Every other number that this build gives, by our names, or by QMP's own where it is new to us. */
function otherFigures(
  sample: TimedSample,
  figures: Readonly<Record<string, unknown>>,
): Record<string, number> {
  const { atMs: _at, passes: _passes, others = {}, ...fields } = sample;
  const numbers = Object.entries(fields).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && !(entry[0] in figures),
  );
  return { ...Object.fromEntries(numbers), ...others };
}

function valuesOf(values: Record<string, number>): Pick<TimelineSample, 'values'> {
  return Object.keys(values).length === 0 ? {} : { values };
}

function progressSamples(progress: readonly Sample[], startedAtMs: number): TimelineSample[] {
  const from = progress.findIndex((sample) => sample.arrivedMs >= startedAtMs - LEAD_MS);
  if (from < 0) return [];
  return progress.slice(from).map((sample, index): TimelineSample => {
    const before = progress[from + index - 1];
    const elapsedMs = before === undefined ? 0 : sample.arrivedMs - before.arrivedMs;
    return {
      atMs: round(sample.arrivedMs - startedAtMs),
      kind: 'progress',
      progress: sample.progress,
      ...(before === undefined || elapsedMs <= 0
        ? {}
        : { progressPerSecond: round(((sample.progress - before.progress) * 1000) / elapsedMs) }),
    };
  });
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Write a timeline as JSON lines. */
export async function writeTimeline(
  path: string,
  timeline: readonly TimelineSample[],
): Promise<void> {
  await writeFile(path, timeline.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
}
