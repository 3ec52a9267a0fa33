/**
 * One migration, from `migrate` to its end: tells both QEMUs what to do and writes down what they say. Everything is
 * kept in memory while it runs; nothing here touches the disk.
 */
import { poll, throwIfInterrupted } from '../deadline.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import type { CellSpec } from '../plan/types.ts';
import {
  migrationSample,
  QmpCommandError,
  type MigrationSample,
  type QmpClient,
  type QmpEvent,
} from '../qmp/index.ts';
import { describeExit, type RunningProcess } from '../sandbox/running.ts';
import type { FailureReason, TrialWarning } from '../record/schema.ts';
import type { PhaseEvent } from './phases.ts';

/** How often the source is asked how far it is, ms (20 Hz). */
const POLL_INTERVAL_MS = 50;
/** How long the destination may take to resume after the source has completed, ms. */
const RESUME_TIMEOUT_MS = 30_000;
/** How long the totals may be missing after the status says `completed`, ms (seen on 7.2 with multifd). */
const TOTALS_TIMEOUT_MS = 2_000;
/** How long a cancelled migration may take to end, ms. */
const CANCEL_TIMEOUT_MS = 30_000;
/** How long post-copy may take after the deadline of pre-copy, ms: it cannot be cancelled without losing the guest. */
const POSTCOPY_GRACE_MS = 120_000;

/** Statuses after which a migration does not go on by itself. */
const END_STATUSES: ReadonlySet<string> = new Set([
  'completed',
  'failed',
  'cancelled',
  'postcopy-paused',
]);

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
  /** STOP on the source to RESUME on the destination, by the events' own stamps. */
  readonly pauseMs?: number;
  readonly warnings: readonly TrialWarning[];
}

/** One of the two QEMUs, as much of it as a migration needs. */
export interface MigrationSide {
  /** "source", "destination": used in messages. */
  readonly label: string;
  readonly qmp: QmpClient;
  readonly process: Pick<RunningProcess, 'waitForExit'>;
  /** What it wrote to its standard error; empty where it wrote nothing. */
  readonly ownWords: string;
}

export interface MigrationOptions {
  readonly source: MigrationSide;
  readonly destination: MigrationSide;
  readonly spec: CellSpec;
  /** Where the destination listens. */
  readonly uri: string;
  readonly signal: AbortSignal;
  readonly onSample?: (sample: TimedSample) => void;
}

/** Events may differ from their arrival by this much before it is worth a warning, ms. */
const STAMP_TOLERANCE_MS = 5;

class Migration {
  readonly #options: MigrationOptions;
  readonly #samples: TimedSample[] = [];
  readonly #warnings: TrialWarning[] = [];
  readonly #sourceSince: number;
  readonly #destinationSince: number;
  #startedAtMs = 0;
  #postcopyAsked = false;
  /** QEMU has accepted; its status may still say `active`. */
  #postcopyAccepted = false;

  constructor(options: MigrationOptions) {
    this.#options = options;
    this.#sourceSince = options.source.qmp.events.length;
    this.#destinationSince = options.destination.qmp.events.length;
  }

  async run(): Promise<MigrationObservation> {
    const { source, destination, uri } = this.#options;
    let end: MigrationEnd;
    try {
      await destination.qmp.execute('migrate-incoming', { uri });
      this.#startedAtMs = performance.now();
      await source.qmp.execute('migrate', { uri });
      const status = await this.#watch();
      end = await this.#conclude(status);
    } catch (error) {
      throwIfInterrupted(this.#options.signal);
      if (this.#startedAtMs === 0) this.#startedAtMs = performance.now();
      end = await this.#failureOf(error);
    }
    return this.#observation(end);
  }

  async #ask(): Promise<TimedSample> {
    const reply = await this.#options.source.qmp.execute('query-migrate');
    const sample = { ...migrationSample(reply), atMs: performance.now() - this.#startedAtMs };
    this.#samples.push(sample);
    this.#options.onSample?.(sample);
    return sample;
  }

  /** Poll until the migration has ended or its time is up; gives the last status. */
  async #watch(): Promise<string> {
    const { spec, signal } = this.#options;
    for (;;) {
      throwIfInterrupted(signal);
      const sample = await this.#ask();
      const status = sample.status ?? 'none';
      if (END_STATUSES.has(status)) return status;
      await this.#stepPostcopy(sample);
      if (status === 'pre-switchover') {
        await this.#options.source.qmp.execute('migrate-continue', { state: 'pre-switchover' });
      }
      const inPostcopy = this.#postcopyAccepted || status.startsWith('postcopy');
      const limitMs = inPostcopy ? spec.deadlineMs + POSTCOPY_GRACE_MS : spec.deadlineMs;
      if (sample.atMs >= limitMs) return inPostcopy ? 'postcopy-deadline' : this.#cancel();
      await this.#pauseBetweenPolls();
    }
  }

  /** Wait for the next poll, or less where an event announces the end: it is asked for at once. */
  async #pauseBetweenPolls(): Promise<void> {
    const { source } = this.#options;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(done, POLL_INTERVAL_MS);
      const unsubscribe = source.qmp.onEvent((event) => {
        if (END_STATUSES.has(String(event.data['status']))) done();
      });
    });
  }

  async #stepPostcopy(sample: TimedSample): Promise<void> {
    const start = this.#options.spec.postcopy?.startAfter;
    if (start === undefined || this.#postcopyAsked || sample.status !== 'active') return;
    // The pass counter is 1 during the first pass: after k passes it is k + 1.
    const due =
      start.kind === 'now' ||
      (start.kind === 'passes' ? (sample.passes ?? 0) > start.passes : sample.atMs >= start.timeMs);
    if (!due) return;
    this.#postcopyAsked = true;
    try {
      await this.#options.source.qmp.execute('migrate-start-postcopy');
      this.#postcopyAccepted = true;
    } catch (error) {
      if (!(error instanceof QmpCommandError)) throw error;
      this.#warnings.push({
        code: 'postcopy-not-started',
        message: `Post-copy could not be started: ${error.description}. Compare with the plan's start-after rule.`,
      });
    }
  }

  /** Cancel a pre-copy that ran out of time; it may still complete while it is being cancelled. */
  async #cancel(): Promise<string> {
    const { source, signal } = this.#options;
    await source.qmp.execute('migrate_cancel');
    return poll(
      async () => {
        const { status } = await this.#ask();
        return status !== undefined && END_STATUSES.has(status) ? status : undefined;
      },
      {
        intervalMs: POLL_INTERVAL_MS,
        timeoutMs: CANCEL_TIMEOUT_MS,
        signal,
        late: () =>
          new MigbenchError(
            'qmp-timeout',
            `The source QEMU did not end a cancelled migration within ${CANCEL_TIMEOUT_MS / 1000} s.`,
          ),
      },
    );
  }

  async #conclude(status: string): Promise<MigrationEnd> {
    const { spec } = this.#options;
    switch (status) {
      case 'completed':
        if (spec.postcopy !== undefined && !this.#postcopyAsked) {
          this.#warnings.push({
            code: 'postcopy-not-needed',
            message:
              'Pre-copy completed before post-copy was due, so this trial measured pre-copy. To see post-copy, start ' +
              'it earlier (start-after) or use a lower downtime-limit.',
          });
        }
        return this.#awaitResume();
      case 'cancelled':
        return {
          kind: 'not-converged',
          detail: `Still in pre-copy after ${spec.deadlineMs / 1000} s, the plan's deadline; cancelled.`,
        };
      case 'postcopy-paused':
        return this.#broken('postcopy-paused');
      case 'postcopy-deadline':
        return {
          kind: 'failed',
          reason: 'postcopy-deadline',
          detail: `Post-copy had not ended ${(spec.deadlineMs + POSTCOPY_GRACE_MS) / 1000} s after migrate.`,
        };
      default:
        return this.#broken('migration-error');
    }
  }

  async #broken(reason: 'migration-error' | 'postcopy-paused'): Promise<MigrationEnd> {
    const words = await this.#words();
    // A destination that died is the cause; the source only sees its connection break.
    const exit = await this.#options.destination.process.waitForExit(500);
    if (exit !== undefined) {
      return {
        kind: 'failed',
        reason: 'destination-exited',
        detail: `The destination QEMU ${describeExit(exit)}.${this.#options.destination.ownWords} ${words}`,
      };
    }
    return { kind: 'failed', reason, detail: words };
  }

  /** QEMU's own words for why a migration ended; both sides' where both have some. */
  async #words(): Promise<string> {
    const { source, destination } = this.#options;
    const said = await source.qmp.execute('query-migrate').then(
      (reply) => reply['error-desc'],
      () => undefined,
    );
    const words = [said ?? 'QEMU gave no reason', source.ownWords, destination.ownWords];
    return words.filter((text) => text !== '').join(' ');
  }

  /** The source has completed: so must the destination, and its guest must run. */
  async #awaitResume(): Promise<MigrationEnd> {
    const { destination, signal } = this.#options;
    try {
      await destination.qmp.waitForEvent((event) => event.name === 'RESUME', {
        timeoutMs: RESUME_TIMEOUT_MS,
        since: this.#destinationSince,
        signal,
      });
      await poll(
        async () => {
          const { status } = await destination.qmp.execute('query-migrate');
          return status === 'completed' ? true : undefined;
        },
        {
          intervalMs: 10,
          timeoutMs: RESUME_TIMEOUT_MS,
          signal,
          late: () =>
            new MigbenchError(
              'qmp-timeout',
              `The source says completed; the destination does not, ${RESUME_TIMEOUT_MS / 1000} s later.`,
            ),
        },
      );
      await this.#awaitTotals();
      return { kind: 'completed' };
    } catch (error) {
      throwIfInterrupted(signal);
      return this.#failureOf(error);
    }
  }

  /** Totals are filled in after the status: ask again until they are there. */
  async #awaitTotals(): Promise<void> {
    const isWhole = (sample: TimedSample | undefined) => (sample?.totalTimeMs ?? 0) > 0;
    if (isWhole(this.#samples.at(-1))) return;
    await poll(async () => (isWhole(await this.#ask()) ? true : undefined), {
      intervalMs: 10,
      timeoutMs: TOTALS_TIMEOUT_MS,
      signal: this.#options.signal,
      late: () => new MigbenchError('qmp-timeout', 'no totals'),
    }).catch(() => {
      throwIfInterrupted(this.#options.signal);
      this.#warnings.push({
        code: 'totals-missing',
        message:
          'QEMU said "completed" but gave no total time; the totals of this trial are empty. Try another build.',
      });
    });
  }

  async #failureOf(error: unknown): Promise<MigrationEnd> {
    const { source, destination } = this.#options;
    const sides = [
      { machine: source, reason: 'source-exited' as const },
      { machine: destination, reason: 'destination-exited' as const },
    ];
    for (const { machine, reason } of sides) {
      // A QEMU that dies closes its socket a moment before its exit is reported.
      const exit = await machine.process.waitForExit(200);
      if (exit === undefined) continue;
      return {
        kind: 'failed',
        reason,
        detail: `The ${machine.label} QEMU ${describeExit(exit)}.${machine.ownWords}`,
      };
    }
    const code = error instanceof MigbenchError ? error.code : 'internal';
    if (code === 'internal') throw error;
    return {
      kind: 'failed',
      reason: code === 'qmp-timeout' ? 'qmp-timeout' : 'qmp-error',
      detail: messageOf(error),
    };
  }

  #observation(end: MigrationEnd): MigrationObservation {
    const source = this.#options.source.qmp.events.slice(this.#sourceSince);
    const destination = this.#options.destination.qmp.events.slice(this.#destinationSince);
    const stop = source.find((event) => event.name === 'STOP');
    const resume = destination.find((event) => event.name === 'RESUME');
    const pauseMs =
      stop === undefined || resume === undefined
        ? undefined
        : (resume.qemuTimeUs - stop.qemuTimeUs) / 1000;
    if (pauseMs !== undefined && stop !== undefined && resume !== undefined) {
      const arrivedMs = resume.receivedAtMs - stop.receivedAtMs;
      if (Math.abs(arrivedMs - pauseMs) > STAMP_TOLERANCE_MS) {
        this.#warnings.push({
          code: 'pause-stamps-differ',
          message:
            `The pause is ${pauseMs.toFixed(1)} ms by QEMU's stamps and ${arrivedMs.toFixed(1)} ms by their arrival. ` +
            'The host was busy or its clock was stepped: repeat on a quieter host.',
        });
      }
    }
    const final = this.#samples.at(-1);
    return {
      end,
      startedAtMs: this.#startedAtMs,
      endedAtMs: resume?.receivedAtMs ?? performance.now(),
      samples: this.#samples,
      ...(final === undefined ? {} : { final }),
      events: [
        ...source.map((event) => phaseEvent('source', event, this.#startedAtMs)),
        ...destination.map((event) => phaseEvent('destination', event, this.#startedAtMs)),
      ].sort((a, b) => a.atMs - b.atMs),
      ...(pauseMs === undefined || end.kind !== 'completed' ? {} : { pauseMs }),
      warnings: this.#warnings,
    };
  }
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

/**
 * Migrate a running guest from `source` to `destination`, which waits for it.
 *
 * Never rejects for what a QEMU does: that is the observation's `end`. Post-copy is never cancelled.
 *
 * @throws MigbenchError `interrupted` on abort.
 */
export function migrate(options: MigrationOptions): Promise<MigrationObservation> {
  return new Migration(options).run();
}
