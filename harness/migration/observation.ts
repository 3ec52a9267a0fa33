/** What one migration showed, and what follows from the events of both sides. */
import type { Moments } from '../observe/probe.ts';
import type { MigrationSample, QmpEvent } from '../qmp/index.ts';
import type { FailureReason, TrialWarning } from '../record/schema.ts';
import type { PhaseEvent } from './phases.ts';
import type { OutageReport } from './outage.ts';
import type { ReadFile, SavedFile } from './saved-file.ts';

export interface TimedSample extends MigrationSample {
  /** ms since `migrate` was sent, monotonic. */
  readonly atMs: number;
}

export type MigrationEnd =
  | { readonly kind: 'completed' }
  | { readonly kind: 'not-converged'; readonly detail: string }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly detail: string };

export interface MigrationObservation {
  readonly end: MigrationEnd;
  /** Monotonic time (performance.now) at which `migrate` was sent, ms. */
  readonly startedAtMs: number;
  /** Monotonic time of the destination's RESUME, or of the end where there was none, ms. */
  readonly endedAtMs: number;
  readonly samples: readonly TimedSample[];
  /** The source's last word, with its totals; absent where it had none. */
  readonly final?: MigrationSample;
  readonly events: readonly PhaseEvent[];
  /** STOP and RESUME on the monotonic clock: by their stamps, as far as those can be trusted. */
  readonly stopAtMs?: number;
  readonly resumeAtMs?: number;
  /** STOP on the source to RESUME on the destination, by the events' own stamps. */
  readonly pauseMs?: number;
  /** Where the guest went through a file and came back. */
  readonly savedFile?: SavedFile;
  /** Where the link was cut in post-copy. */
  readonly outage?: OutageReport;
  readonly warnings: readonly TrialWarning[];
}

/** Events may differ from their arrival by this much before it is worth a warning, ms. */
const STAMP_TOLERANCE_MS = 5;
/** Farther apart than any delay of an event: the wall clock was stepped between the two, ms. */
const CLOCK_STEP_MS = 1_000;

/** All that `migrate` has gathered. */
export interface Gathered {
  readonly end: MigrationEnd;
  readonly startedAtMs: number;
  readonly samples: readonly TimedSample[];
  /** The source's events since the migration began. */
  readonly source: readonly QmpEvent[];
  readonly destination: readonly QmpEvent[];
  readonly postcopyWanted: boolean;
  /** The plan cuts the link in post-copy. */
  readonly cutWanted: boolean;
  readonly warnings: readonly TrialWarning[];
  readonly readFile?: ReadFile;
  readonly outage?: OutageReport;
}

/** Work out the pause and what is worth a warning. */
export function observationOf(gathered: Gathered): MigrationObservation {
  const { end, startedAtMs, samples, source, destination } = gathered;
  const stop = source.find((event) => event.name === 'STOP');
  const resume = destination.find((event) => event.name === 'RESUME');
  const final = samples.at(-1);
  const pause = stop === undefined || resume === undefined ? undefined : pauseBetween(stop, resume);
  const endedAtMs = resume?.receivedAtMs ?? performance.now();
  const resumed = momentOf('resumeAtMs', resume, [...source, ...destination]);
  const events = [
    ...source.map((event) => phaseEvent('source', event, startedAtMs)),
    ...destination.map((event) => phaseEvent('destination', event, startedAtMs)),
  ].sort((one, other) => one.atMs - other.atMs);
  return {
    end,
    startedAtMs,
    endedAtMs,
    samples,
    ...(final === undefined ? {} : { final }),
    events,
    ...(gathered.readFile === undefined
      ? {}
      : { savedFile: savedFileOf(gathered.readFile, resumed.resumeAtMs ?? endedAtMs) }),
    ...(gathered.outage === undefined ? {} : { outage: gathered.outage }),
    ...momentOf('stopAtMs', stop, [...source, ...destination]),
    ...resumed,
    ...(pause === undefined || end.kind !== 'completed' ? {} : { pauseMs: pause.pauseMs }),
    warnings: [
      ...gathered.warnings,
      ...(pause?.warnings ?? []),
      ...(gathered.postcopyWanted ? postcopyWarnings(end, samples, events) : []),
      ...(gathered.cutWanted && gathered.outage === undefined ? cutWarnings(end) : []),
    ],
  };
}

/** A busy host hears of RESUME late: the time of the restore ends where the pause does. */
function savedFileOf({ incomingAtMs, ...file }: ReadFile, resumedAtMs: number): SavedFile {
  return { ...file, restoreMs: resumedAtMs - incomingAtMs };
}

/** STOP to RESUME by QEMU's own stamps: both hosts are on one clock. */
function pauseBetween(
  stop: QmpEvent,
  resume: QmpEvent,
): { pauseMs: number; warnings: TrialWarning[] } {
  const stampedMs = (resume.qemuTimeUs - stop.qemuTimeUs) / 1000;
  const arrivedMs = resume.receivedAtMs - stop.receivedAtMs;
  const apartMs = Math.abs(arrivedMs - stampedMs);
  if (apartMs <= STAMP_TOLERANCE_MS) return { pauseMs: stampedMs, warnings: [] };
  // The stamps are of the wall clock, which may be stepped; arrivals are late but monotonic.
  const isStepped = stampedMs < 0 || apartMs > CLOCK_STEP_MS;
  const message =
    `The pause is ${stampedMs.toFixed(1)} ms by QEMU's stamps and ${arrivedMs.toFixed(1)} ms by their arrival. ` +
    (isStepped
      ? "The host's clock was stepped, so the arrival was taken: keep time synchronisation quiet during a run."
      : 'The host was busy: repeat on a quieter host.');
  return {
    pauseMs: isStepped ? arrivedMs : stampedMs,
    warnings: [{ code: 'pause-stamps-differ', message }],
  };
}

/** A post-copy cell in which pre-copy was faster measured pre-copy: nobody should take it for the other. */
function postcopyWarnings(
  end: MigrationEnd,
  samples: readonly TimedSample[],
  events: readonly PhaseEvent[],
): TrialWarning[] {
  const happened = [...samples, ...events].some(({ status }) => status?.startsWith('postcopy'));
  if (end.kind !== 'completed' || happened) return [];
  const message =
    'Pre-copy completed before post-copy had begun, so this trial measured pre-copy. To see post-copy, start it ' +
    'earlier (start-after) or use a lower downtime-limit.';
  return [{ code: 'postcopy-not-needed', message }];
}

/** Post-copy was over before the link could be cut: nothing was recovered. */
function cutWarnings(end: MigrationEnd): TrialWarning[] {
  if (end.kind !== 'completed') return [];
  const message =
    'The migration had completed before the link could be cut, so this trial recovered nothing. Give post-copy more ' +
    'to send: a slower link, a larger guest, or an earlier start (start-after).';
  return [{ code: 'link-not-cut', message }];
}

function phaseEvent(side: PhaseEvent['side'], event: QmpEvent, startedAtMs: number): PhaseEvent {
  const { status, pass } = event.data;
  return {
    side,
    name: event.name,
    ...(typeof status === 'string' ? { status } : {}),
    ...(typeof pass === 'number' ? { pass } : {}),
    atMs: event.receivedAtMs - startedAtMs,
  };
}

/** The moments of a trial, for its probes. */
export function momentsOf(
  observation: MigrationObservation,
  windows: Pick<Moments, 'baselineFromMs' | 'baselineToMs' | 'endedAtMs'>,
): Moments {
  const { startedAtMs, stopAtMs, resumeAtMs, end } = observation;
  return {
    ...windows,
    startedAtMs,
    ...(stopAtMs === undefined ? {} : { stopAtMs }),
    ...(resumeAtMs === undefined ? {} : { resumeAtMs }),
    migratedAtMs: observation.endedAtMs,
    completed: end.kind === 'completed',
  };
}

/**
 * When an event happened on the monotonic clock. The least delayed of all events gives the distance of the two clocks;
 * where the wall clock was stepped the arrival has to do.
 */
function momentOf<Name extends 'stopAtMs' | 'resumeAtMs'>(
  name: Name,
  event: QmpEvent | undefined,
  all: readonly QmpEvent[],
): { [Key in Name]?: number } {
  if (event === undefined) return {};
  const distance = ({ receivedAtMs, qemuTimeUs }: QmpEvent) => receivedAtMs - qemuTimeUs / 1000;
  const least = all.reduce((low, one) => Math.min(low, distance(one)), Infinity);
  const delayMs = distance(event) - least;
  const moment = event.receivedAtMs - (delayMs > CLOCK_STEP_MS ? 0 : delayMs);
  return { [name]: moment } as { [Key in Name]?: number };
}
