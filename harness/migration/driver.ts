/**
 * One migration, from `migrate` to its end: tells both QEMUs what to do and writes down what they say. Everything is
 * kept in memory while it runs; nothing here touches the disk.
 */
import { poll, throwIfInterrupted } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import type { CellSpec } from '../plan/types.ts';
import { migrationSample, QmpCommandError } from '../qmp/index.ts';
import type { TrialWarning } from '../record/schema.ts';
import { answerTimeoutMs } from './answer-time.ts';
import { awaitArrival } from './arrival.ts';
import type { ReadFile } from './saved-file.ts';
import type { Begun } from './hand-over.ts';
import { awaitTotals } from './await-totals.ts';
import type { Route } from './uri.ts';
import { Outage, type LinkSwitch } from './outage.ts';
import { brokenMigration, failureOf, type Sides } from './failure.ts';
import {
  observationOf,
  type MigrationEnd,
  type MigrationObservation,
  type TimedSample,
} from './observation.ts';

/** How often the source is asked how far it is, ms (20 Hz). */
const POLL_INTERVAL_MS = 50;
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

export interface MigrationOptions extends Sides {
  readonly spec: CellSpec;
  readonly route: Route;
  /** The migration link, for a plan that cuts it. */
  readonly link: LinkSwitch;
  readonly signal: AbortSignal;
  /** The source was told `migrate` already, by whoever made the destination speak. */
  readonly begun?: Begun;
  /** Called once with the guest stopped, before its devices are handed over (pause-before-switchover). */
  readonly beforeSwitchover?: () => Promise<void>;
  /** `resumed`: the guest runs on the destination already. */
  readonly onSample?: (sample: TimedSample, resumed: boolean) => void;
}

class Migration {
  readonly #options: MigrationOptions;
  readonly #samples: TimedSample[] = [];
  readonly #warnings: TrialWarning[] = [];
  readonly #answerTimeoutMs: number;
  readonly #sourceSince: number;
  readonly #destinationSince: number;
  #startedAtMs = 0;
  #postcopyAsked = false;
  /** QEMU has accepted; its status may still say `active`. */
  #postcopyAccepted = false;
  #cancelled = false;
  #switchedOver = false;
  #readFile: ReadFile | undefined;
  #outage: Outage | undefined;

  constructor(options: MigrationOptions) {
    this.#options = options;
    const { source, spec, route } = options;
    this.#answerTimeoutMs = answerTimeoutMs(source.qmp.commandTimeoutMs, spec, route);
    this.#sourceSince = options.begun?.sourceSince ?? options.source.qmp.events.length;
    this.#destinationSince = options.destination.qmp.events.length;
  }

  async run(): Promise<MigrationObservation> {
    const { source, destination, route, begun } = this.#options;
    let end: MigrationEnd;
    try {
      // There is nothing to read in a file before it is written.
      if (route.file === undefined) {
        await destination.qmp.execute('migrate-incoming', { uri: route.destination });
      }
      this.#startedAtMs = begun?.startedAtMs ?? performance.now();
      if (begun === undefined) await source.qmp.execute('migrate', { uri: route.source });
      const status = await this.#watch();
      end = await this.#conclude(status);
    } catch (error) {
      throwIfInterrupted(this.#options.signal);
      if (this.#startedAtMs === 0) this.#startedAtMs = performance.now();
      end = await failureOf(error, this.#options);
    } finally {
      // Whatever happened, the next trial needs it.
      if (this.#outage !== undefined) await this.#options.link.setLink('up');
    }
    return observationOf({
      end,
      startedAtMs: this.#startedAtMs,
      samples: this.#samples,
      source: source.qmp.events.slice(this.#sourceSince),
      destination: destination.qmp.events.slice(this.#destinationSince),
      postcopyWanted: this.#options.spec.postcopy !== undefined,
      cutWanted: (this.#options.spec.postcopy?.recover ?? false) !== false,
      warnings: this.#warnings,
      ...(this.#readFile === undefined ? {} : { readFile: this.#readFile }),
      ...(this.#outage === undefined ? {} : { outage: this.#outage.report }),
    });
  }

  async #ask(): Promise<TimedSample> {
    const { source } = this.#options;
    const reply = await source.qmp.execute('query-migrate', undefined, {
      timeoutMs: this.#answerTimeoutMs,
    });
    const sample = { ...migrationSample(reply), atMs: performance.now() - this.#startedAtMs };
    this.#samples.push(sample);
    this.#options.onSample?.(sample, this.#hasResumed());
    return sample;
  }

  #hasResumed(): boolean {
    return this.#options.destination.qmp.events
      .slice(this.#destinationSince)
      .some(({ name }) => name === 'RESUME');
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
      const broken = await this.#stepOutage(status);
      if (broken !== undefined) return broken;
      if (status === 'pre-switchover') await this.#switchOver();
      const inPostcopy = this.#postcopyAccepted || status.startsWith('postcopy');
      const limitMs = inPostcopy ? spec.deadlineMs + POSTCOPY_GRACE_MS : spec.deadlineMs;
      if (sample.atMs >= limitMs) return inPostcopy ? 'postcopy-deadline' : this.#cancel();
      await this.#pauseBetweenPolls();
    }
  }

  /** The guest stands still and waits for word: nothing may be lost of its pause. */
  async #switchOver(): Promise<void> {
    const { source, beforeSwitchover } = this.#options;
    if (!this.#switchedOver) await beforeSwitchover?.();
    this.#switchedOver = true;
    await source.qmp.execute('migrate-continue', { state: 'pre-switchover' });
  }

  /** Wait for the next poll, or less where an event announces what must not wait: it is asked for at once. */
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
        const status = String(event.data['status']);
        if (END_STATUSES.has(status) || status === 'pre-switchover') done();
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

  /** Cut the link where the plan says so, once the guest runs on the destination; gives the status that ends it. */
  async #stepOutage(status: string): Promise<string | undefined> {
    const { spec, route, link, source, destination, signal } = this.#options;
    const recover = spec.postcopy?.recover ?? false;
    if (recover === false || route.recovery === undefined || this.#outage !== undefined) {
      return undefined;
    }
    // Before that the device state may be on its way, and without it nothing can be recovered.
    if (status !== 'postcopy-active' || !this.#hasResumed()) return undefined;
    this.#outage = new Outage({
      ...{ source, destination, recover, link, signal },
      recoveryUri: route.recovery,
      startedAtMs: this.#startedAtMs,
      ask: () => this.#ask(),
    });
    return this.#outage.run();
  }

  /** Cancel a pre-copy that ran out of time; it may still complete while it is being cancelled. */
  async #cancel(): Promise<string> {
    const { source, signal } = this.#options;
    this.#cancelled = true;
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
          new MigbenchError('qmp-timeout', 'The source QEMU did not end a cancelled migration.'),
      },
    );
  }

  async #conclude(status: string): Promise<MigrationEnd> {
    const { spec } = this.#options;
    switch (status) {
      case 'completed':
        return this.#awaitResume();
      case 'cancelled':
        return this.#outOfTime();
      case 'postcopy-paused':
        return brokenMigration('postcopy-paused', this.#options, this.#cutInWords());
      case 'postcopy-deadline':
        return {
          kind: 'failed',
          reason: 'postcopy-deadline',
          detail: `Post-copy had not ended ${(spec.deadlineMs + POSTCOPY_GRACE_MS) / 1000} s after migrate.`,
        };
      default:
        // The sending thread of 10.0 may find its channel shut before it sees the cancel, and calls that a failure.
        return this.#cancelled
          ? this.#outOfTime()
          : brokenMigration('migration-error', this.#options);
    }
  }

  #cutInWords(): string | undefined {
    if (this.#outage === undefined) return undefined;
    return this.#options.spec.postcopy?.recover === 'never'
      ? 'The link was cut for good in post-copy, as the plan says (recover: never).'
      : 'Post-copy could not be resumed after a cut of the link.';
  }

  #outOfTime(): MigrationEnd {
    return {
      kind: 'not-converged',
      detail: `Still in pre-copy after ${this.#options.spec.deadlineMs / 1000} s, the plan's deadline; cancelled.`,
    };
  }

  /** The source has completed: so must the destination, and its guest must run. */
  async #awaitResume(): Promise<MigrationEnd> {
    const { destination, signal, route, spec } = this.#options;
    try {
      this.#readFile = await awaitArrival({
        ...{ destination, route, signal, guest: spec.guest },
        since: this.#destinationSince,
      });
      const warning = await awaitTotals(this.#samples.at(-1), () => this.#ask(), signal);
      if (warning !== undefined) this.#warnings.push(warning);
      return { kind: 'completed' };
    } catch (error) {
      throwIfInterrupted(signal);
      return failureOf(error, this.#options);
    }
  }
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
