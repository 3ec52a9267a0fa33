/**
 * A probe watches one thing during one trial: start → quiet → migrated → stop → report. A probe that fails costs its
 * own columns and a warning, never the trial.
 */
import { deadline, throwIfInterrupted } from '../deadline.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import type { Stage } from '../guest/start-guest.ts';
import type { Template } from '../guest/template.ts';
import type { CellSpec } from '../plan/types.ts';
import type { Machine } from '../qemu/machine.ts';
import type { Measurements, TimelineSample, TrialWarning } from '../record/schema.ts';

/** What a probe of one trial may look at. */
export interface ProbeContext {
  readonly stage: Stage;
  readonly spec: CellSpec;
  readonly template: Template;
  readonly source: Machine;
  /** May not speak QMP yet. */
  readonly destination: Pick<Machine, 'label' | 'process'>;
}

/** The moments of a trial on the host's monotonic clock (performance.now), ms. */
export interface Moments {
  readonly baselineFromMs: number;
  readonly baselineToMs: number;
  /** `migrate` was sent. */
  readonly startedAtMs: number;
  /** STOP of the source and RESUME of the destination; absent where there was none. */
  readonly stopAtMs?: number;
  readonly resumeAtMs?: number;
  /** RESUME, or the end of a migration that had none. */
  readonly migratedAtMs: number;
  /** The end of the aftermath. */
  readonly endedAtMs: number;
  readonly completed: boolean;
}

/** What a probe adds to a trial's record; an absent measurement is unknown. */
export interface ProbeReport {
  readonly measurements?: Measurements;
  /** Samples with times since `migrate`, ms; in any order. */
  readonly timeline?: readonly TimelineSample[];
  readonly warnings?: readonly TrialWarning[];
  /** What fits no column: plain data for the record's `details`, under the probe's name. */
  readonly details?: unknown;
}

/** What the probes of one trial saw together. */
export interface ProbeResults {
  readonly measurements: Measurements;
  readonly timeline: readonly TimelineSample[];
  readonly warnings: readonly TrialWarning[];
  /** By probe. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Probe {
  /** Names the probe in warnings and in the record's `details`. */
  readonly name: string;
  /** Begin to observe; the baseline window begins when all probes have. */
  start(): Promise<void>;
  /** Last call before `migrate`: from here on nothing but buffering in memory. */
  quiet?(): Promise<void>;
  /** The migration is over; the aftermath begins. */
  migrated?(): Promise<void>;
  /** End observing and give everything back. Also called where a trial broke off, and then nothing follows. */
  stop(): Promise<void>;
  /** Pure: work out what was seen. Called once, after `stop`. */
  report(moments: Moments): ProbeReport;
}

/** Makes the probe for a trial; `undefined` where it does not apply (no link, no service, switched off). */
export type ProbeFactory = (context: ProbeContext) => Probe | undefined;

/** How long one step of a probe may take, ms; then it is given up. */
const STEP_TIMEOUT_MS = 15_000;
/**
 * A probe's end takes as long as there is to hand over: to its time comes this part of the time since its start. One
 * that waits for a process of its own watches that process's silence besides.
 */
const HAND_OVER_FRACTION = 0.2;

type Step = 'start' | 'quiet' | 'migrated' | 'stop';

/** The probes of one trial. */
export class ProbeSet implements AsyncDisposable {
  readonly #probes: readonly Probe[];
  readonly #signal: AbortSignal;
  /** Why a probe was given up. */
  readonly #failures = new Map<Probe, string>();
  readonly #stopped = new Set<Probe>();
  readonly #startedMs = performance.now();

  constructor(factories: readonly ProbeFactory[], context: ProbeContext) {
    this.#signal = context.stage.signal;
    this.#probes = factories
      .map((make) => make(context))
      .filter((probe): probe is Probe => probe !== undefined);
  }

  start(): Promise<void> {
    return this.#each('start');
  }

  quiet(): Promise<void> {
    return this.#each('quiet');
  }

  migrated(): Promise<void> {
    return this.#each('migrated');
  }

  async stop(): Promise<void> {
    await this.#each('stop');
  }

  /** What all probes saw, together; a probe that failed contributes its warning. */
  report(moments: Moments): ProbeResults {
    const reports = this.#probes.map((probe) => ({
      probe,
      report: this.#reportOf(probe, moments),
    }));
    return {
      measurements: Object.assign({}, ...reports.map(({ report }) => report.measurements ?? {})),
      timeline: reports.flatMap(({ report }) => report.timeline ?? []),
      warnings: reports.flatMap(({ report }) => report.warnings ?? []),
      details: Object.fromEntries(
        reports
          .filter(({ report }) => report.details !== undefined)
          .map(({ probe, report }) => [probe.name, report.details]),
      ),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(
      this.#probes
        .filter((probe) => !this.#stopped.has(probe))
        .map((probe) => {
          this.#stopped.add(probe);
          return probe.stop();
        }),
    );
  }

  #reportOf(probe: Probe, moments: Moments): ProbeReport {
    const failure = this.#failures.get(probe);
    if (failure !== undefined) return { warnings: [failed(probe, failure)] };
    try {
      return probe.report(moments);
    } catch (error) {
      return { warnings: [failed(probe, messageOf(error))] };
    }
  }

  #timeoutMs(step: Step): number {
    if (step !== 'stop') return STEP_TIMEOUT_MS;
    return STEP_TIMEOUT_MS + HAND_OVER_FRACTION * (performance.now() - this.#startedMs);
  }

  async #each(step: Step): Promise<void> {
    await Promise.all(this.#probes.map((probe) => this.#step(probe, step)));
    throwIfInterrupted(this.#signal);
  }

  async #step(probe: Probe, step: Step): Promise<void> {
    if (step === 'stop') {
      if (this.#stopped.has(probe)) return;
      this.#stopped.add(probe);
    } else if (this.#failures.has(probe)) return;
    try {
      const done = probe[step]?.();
      if (done === undefined) return;
      const timeoutMs = this.#timeoutMs(step);
      await deadline(done, timeoutMs, () => {
        throw new MigbenchError('internal', `no answer for ${Math.round(timeoutMs / 1000)} s`);
      });
    } catch (error) {
      if (!this.#failures.has(probe)) this.#failures.set(probe, `${step}: ${messageOf(error)}`);
    }
  }
}

function failed(probe: Probe, why: string): TrialWarning {
  return {
    code: 'probe-failed',
    message:
      `The ${probe.name} probe failed (${why}): its columns are empty in this trial. ` +
      'Run the cell again; if it persists, look at run.log and at what this host forbids.',
  };
}
