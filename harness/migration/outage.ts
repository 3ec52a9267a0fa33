/**
 * A cut of the migration link in post-copy: both QEMUs pause, the link comes back, and the migration is resumed. Or
 * it does not come back, and the migration stays where it is: the guest can then neither go on nor go back.
 */
import { poll } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import type { PostcopyShape } from '../plan/types.ts';
import { QmpCommandError } from '../qmp/index.ts';
import type { MigrationSide, Sides } from './failure.ts';
import type { TimedSample } from './observation.ts';

/** How often both sides are looked at, ms. */
const LOOK_INTERVAL_MS = 50;
/**
 * How long the link stays down at least, ms. By itself the kernel gives a connection up after a quarter of an hour, so
 * a QEMU that has not noticed by then is told (`migrate-pause`), as an operator would do.
 */
const OUTAGE_MS = 1_000;
/** How long a QEMU may take to pause once it was told, ms. */
const PAUSE_TIMEOUT_MS = 30_000;
/** How long a resumed migration may take to be active again, ms. */
const RECOVERY_TIMEOUT_MS = 30_000;

/** Takes the migration link down and up again. */
export interface LinkSwitch {
  setLink(state: 'up' | 'down'): Promise<void>;
}

/** What happened, in the record as `details.outage`. Times are ms since `migrate`; absent where it did not come to that. */
export interface OutageReport {
  readonly cutAtMs: number;
  readonly sourcePausedAtMs?: number;
  readonly destinationPausedAtMs?: number;
  /** Those that did not notice by themselves that the link was down. */
  readonly toldToPause: readonly string[];
  readonly linkUpAtMs?: number;
  readonly resumedAtMs?: number;
  /** The source is in `postcopy-active` again, or has completed. */
  readonly recoveredAtMs?: number;
  /** From the cut to the link's return. */
  readonly linkDownMs?: number;
  /** From the source's pause until it sent pages again. */
  readonly pausedMs?: number;
}

export interface OutageOptions extends Sides {
  readonly recover: Exclude<PostcopyShape['recover'], false>;
  readonly link: LinkSwitch;
  /** Where the migration goes on; both sides are told. */
  readonly recoveryUri: string;
  /** Monotonic time of `migrate`, ms. */
  readonly startedAtMs: number;
  /** Ask the source how far it is. */
  readonly ask: () => Promise<TimedSample>;
  readonly signal: AbortSignal;
}

/** Statuses of a source that is beyond a cut of the link. */
const OVER: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

export class Outage {
  readonly #options: OutageOptions;
  #report: OutageReport;

  constructor(options: OutageOptions) {
    this.#options = options;
    this.#report = { cutAtMs: this.#now(), toldToPause: [] };
  }

  get report(): OutageReport {
    return this.#report;
  }

  #now(): number {
    return performance.now() - this.#options.startedAtMs;
  }

  /**
   * Cut, wait, and recover.
   *
   * @returns the status that ended the migration, `postcopy-paused` included; `undefined` where it goes on.
   * @throws MigbenchError `qmp-timeout` where a QEMU does not pause; `interrupted`.
   */
  async run(): Promise<string | undefined> {
    const { link, recover } = this.#options;
    await link.setLink('down');
    const over = await this.#untilPaused();
    if (recover === 'never') return over ?? 'postcopy-paused';
    await link.setLink('up');
    const linkUpAtMs = this.#now();
    this.#report = {
      ...this.#report,
      linkUpAtMs,
      linkDownMs: linkUpAtMs - this.#report.cutAtMs,
    };
    return over ?? this.#resume();
  }

  /** Wait until both sides have paused; gives the source's status where it was over before. */
  async #untilPaused(): Promise<string | undefined> {
    const { source, destination, ask, signal } = this.#options;
    return poll(
      async () => {
        const { status = 'none' } = await ask();
        if (OVER.has(status)) return { status };
        const sourceAtMs = this.#pausedAtMs(source);
        const destinationAtMs = this.#pausedAtMs(destination);
        this.#report = {
          ...this.#report,
          ...(sourceAtMs === undefined ? {} : { sourcePausedAtMs: sourceAtMs }),
          ...(destinationAtMs === undefined ? {} : { destinationPausedAtMs: destinationAtMs }),
        };
        if (this.#now() < this.#report.cutAtMs + OUTAGE_MS) return undefined;
        if (sourceAtMs !== undefined && destinationAtMs !== undefined) return {};
        if (sourceAtMs === undefined) await this.#tell(source);
        if (destinationAtMs === undefined) await this.#tell(destination);
        return undefined;
      },
      {
        intervalMs: LOOK_INTERVAL_MS,
        timeoutMs: OUTAGE_MS + PAUSE_TIMEOUT_MS,
        signal,
        late: () => {
          const awake = [source, destination].filter(
            (side) => this.#pausedAtMs(side) === undefined,
          );
          return new MigbenchError(
            'qmp-timeout',
            `The link is down, and ${awake.map(({ label }) => `the ${label} QEMU`).join(' and ')} did not pause ` +
              `within ${PAUSE_TIMEOUT_MS / 1000} s of being told to.`,
          );
        },
      },
    ).then(({ status }: { status?: string }) => status);
  }

  /** When a side last said that it has paused; ms since `migrate`. */
  #pausedAtMs({ qmp }: MigrationSide): number | undefined {
    const { cutAtMs } = this.#report;
    const { startedAtMs } = this.#options;
    const event = qmp.events.findLast(
      ({ name, data, receivedAtMs }) =>
        name === 'MIGRATION' &&
        data['status'] === 'postcopy-paused' &&
        receivedAtMs - startedAtMs >= cutAtMs,
    );
    return event === undefined ? undefined : event.receivedAtMs - startedAtMs;
  }

  /** Once per side. A QEMU that refuses has noticed in that very moment, or will not: then the deadline tells. */
  async #tell({ label, qmp }: MigrationSide): Promise<void> {
    if (this.#report.toldToPause.includes(label)) return;
    this.#report = { ...this.#report, toldToPause: [...this.#report.toldToPause, label] };
    try {
      // The main loop may be waiting for a page of the guest.
      await qmp.execute('migrate-pause', undefined, { oob: qmp.oobEnabled });
    } catch (error) {
      if (!(error instanceof QmpCommandError)) throw error;
    }
  }

  /** Tell both sides to go on, and wait until the source sends again. */
  async #resume(): Promise<string | undefined> {
    const { source, destination, recoveryUri, ask, signal } = this.#options;
    const pausedAtMs = this.#report.sourcePausedAtMs ?? this.#report.cutAtMs;
    await destination.qmp.execute(
      'migrate-recover',
      { uri: recoveryUri },
      { oob: destination.qmp.oobEnabled },
    );
    await source.qmp.execute('migrate', { uri: recoveryUri, resume: true });
    this.#report = { ...this.#report, resumedAtMs: this.#now() };
    const outcome = await poll(
      async () => {
        const { status = 'none' } = await ask();
        if (status === 'failed' || status === 'cancelled') return { status };
        if (status === 'postcopy-active' || status === 'completed') return {};
        const again = this.#pausedAtMs(source);
        return again !== undefined && again > pausedAtMs
          ? { status: 'postcopy-paused' }
          : undefined;
      },
      {
        intervalMs: LOOK_INTERVAL_MS,
        timeoutMs: RECOVERY_TIMEOUT_MS,
        signal,
        late: () => new MigbenchError('qmp-timeout', 'not recovered'),
      },
    ).catch((error: unknown): { status?: string } => {
      // It stays paused: that is its end.
      if (error instanceof MigbenchError && error.code === 'qmp-timeout') {
        return { status: 'postcopy-paused' };
      }
      throw error;
    });
    if (outcome.status !== undefined) return outcome.status;
    const recoveredAtMs = this.#now();
    this.#report = { ...this.#report, recoveredAtMs, pausedMs: recoveredAtMs - pausedAtMs };
    return undefined;
  }
}
