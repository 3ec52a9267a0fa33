/**
 * One trial: restore the source, start a fresh destination, set both, wait for the load, migrate, watch the
 * aftermath, verify, tear down. Everything that a QEMU or a guest does wrong becomes the trial's outcome.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfInterrupted, window } from '../deadline.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import { restoreState } from '../guest/saved-state.ts';
import { startGuest, type Stage, type StartedGuest } from '../guest/start-guest.ts';
import type { Template } from '../guest/template.ts';
import { hostCpu, processCpuSeconds } from '../observe/cpu.ts';
import { workloadCost } from '../observe/workload.ts';
import type { CellSpec } from '../plan/types.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import { migrationSample } from '../qmp/index.ts';
import type { Measurements, Outcome, TrialRecord, TrialWarning } from '../record/schema.ts';
import { formatBitRate, formatByteRate } from '../units.ts';
import { hostProgram, run } from '../sandbox/process.ts';
import { describeExit } from '../sandbox/running.ts';
import { awaitAftermath } from './aftermath.ts';
import { applySettings, type Effective } from './apply-settings.ts';
import { migrate } from './driver.ts';
import type { MigrationObservation, TimedSample } from './observation.ts';
import type { KnownSettings } from './settings.ts';
import { Stopwatch } from './stopwatch.ts';
import { known, totalsOf } from './totals.ts';
import { destinationUri } from './uri.ts';
import { checkGuest, type GuestCheck } from './verify.ts';

export interface TrialOptions {
  readonly stage: Stage;
  readonly spec: CellSpec;
  readonly template: Template;
  readonly destinationBuild: QemuBuild;
  readonly abilities: { readonly source: KnownSettings; readonly destination: KnownSettings };
  /** Folder for the trial's files. */
  readonly folder: string;
  /** Whether the guest's disk is left there for someone to look into. */
  readonly keepDisk: boolean;
  /** Told what the trial is doing: `restore`, `load gate`, `baseline`, `migrate`, `settle`, `verify`. */
  readonly onStep?: (step: string) => void;
  readonly onSample?: (sample: TimedSample, resumed: boolean) => void;
}

/** All that a trial saw; `record.ts` makes a record of it. */
export interface TrialResult {
  readonly outcome: Outcome;
  readonly integrity?: NonNullable<TrialRecord['integrity']>;
  readonly integrityDetail?: string;
  readonly effective?: Effective;
  readonly measurements: Measurements;
  readonly observation?: MigrationObservation;
  readonly overheadMs: Readonly<Record<string, number>>;
  readonly warnings: readonly TrialWarning[];
}

/** A rate above the cap by more than this is a broken cap, not a rounding. */
const CAP_TOLERANCE = 1.05;
/** Deadline for copying the guest's disk, ms. */
const COPY_TIMEOUT_MS = 600_000;
/** Deadline for the restored guest to answer its first command, ms. */
const SESSION_TIMEOUT_MS = 20_000;

class Trial {
  readonly #options: TrialOptions;
  readonly #watch = new Stopwatch();
  #effective: Effective | undefined;
  #measurements: Measurements = {};
  #observation: MigrationObservation | undefined;
  #check: GuestCheck | undefined;
  readonly #guests: StartedGuest[] = [];
  readonly #diskPath: string;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#diskPath = join(options.folder, 'disk.raw');
  }

  async run(): Promise<TrialResult> {
    let outcome: Outcome;
    try {
      outcome = await this.#steps();
    } catch (error) {
      throwIfInterrupted(this.#options.stage.signal);
      if (!(error instanceof MigbenchError) || error.code === 'internal') throw error;
      outcome = { kind: 'failed', reason: 'setup-error', detail: messageOf(error) };
    } finally {
      await this.#tearDown();
    }
    return {
      outcome,
      ...(this.#check === undefined
        ? {}
        : { integrity: this.#check.integrity, integrityDetail: this.#check.detail }),
      ...(this.#effective === undefined ? {} : { effective: this.#effective }),
      measurements: outcome.kind === 'completed' ? this.#measurements : this.#withoutTimes(),
      ...(this.#observation === undefined ? {} : { observation: this.#observation }),
      overheadMs: this.#watch.laps,
      warnings: [...(this.#observation?.warnings ?? []), ...this.#capWarnings()],
    };
  }

  /** Only a completed trial has a downtime and a total time, whatever QEMU said of a guest that is dead. */
  #withoutTimes(): Measurements {
    const {
      downtimeMs: _downtime,
      pauseMs: _pause,
      totalTimeMs: _total,
      ...others
    } = this.#measurements;
    return others;
  }

  async #steps(): Promise<Outcome> {
    const { stage, spec, template, onStep } = this.#options;
    const { telemetry, signal } = stage;
    onStep?.('restore');
    const [source, destination] = await this.#restore();
    onStep?.('load gate');
    const gate = await telemetry.waitUntilSteady(
      template.recipe.workload.gate,
      whileRunning(source, signal),
    );
    this.#watch.lap('gate');
    if (gate.kind !== 'steady') {
      return {
        kind: 'invalid',
        reason: gate.kind === 'broken' ? 'workload-not-running' : 'load-gate',
        detail: gate.reason,
      };
    }
    onStep?.('baseline');
    const baselineFromMs = performance.now();
    await window(spec.windows.baselineMs, signal);
    const baselineToMs = performance.now();
    this.#watch.lap('baseline');
    onStep?.('migrate');
    const observation = await this.#migrate(source, destination);
    this.#observation = observation;
    this.#watch.lap('migration');
    const hasLoad = template.recipe.workload.gate !== undefined;
    const cost = (endedMs: number) =>
      workloadCost(telemetry.samples, {
        baselineFromMs,
        baselineToMs,
        startedMs: observation.startedAtMs,
        resumedMs: observation.endedAtMs,
        endedMs,
      });
    const baseline = hasLoad ? cost(observation.endedAtMs).workloadBaselinePerSecond : undefined;
    if (observation.end.kind === 'completed') {
      onStep?.('settle');
      await awaitAftermath({
        telemetry,
        windows: spec.windows,
        resumedAtMs: observation.endedAtMs,
        ...(baseline === undefined ? {} : { baselinePerSecond: baseline }),
        signal,
      });
      this.#watch.lap('settle');
    }
    this.#measurements = {
      ...this.#measurements,
      ...totalsOf(observation),
      ...(hasLoad ? known({ ...cost(performance.now()) }) : {}),
    };
    await this.#destinationTotals(destination);
    return this.#judge(observation, observation.end.kind === 'completed' ? destination : source);
  }

  /** Start both QEMUs, restore the source from its template, and set everything on both. */
  async #restore(): Promise<[StartedGuest, StartedGuest]> {
    const { stage, spec, template, destinationBuild, abilities, folder } = this.#options;
    const { sandbox, telemetry, signal } = stage;
    const diskPath = await this.#copyDisk();
    const common = {
      recipe: template.recipe,
      incoming: 'defer' as const,
      folder,
      ...(diskPath === undefined ? {} : { diskPath }),
    };
    const start = async (role: 'source' | 'destination') => {
      const build = role === 'source' ? template.recipe.build : destinationBuild;
      const guest = await startGuest(stage, { ...common, host: sandbox[role], build });
      this.#guests.push(guest);
      return guest;
    };
    const [source, destination] = await settleBoth(
      start('source'),
      start('destination'),
      sandbox.shapeLink(spec.link),
    );
    this.#watch.lap('start');
    await restoreState(source.machine, template.statePath, signal);
    this.#watch.lap('restore');
    const [sourceSettings, destinationSettings] = await settleBoth(
      applySettings(source.machine, spec, abilities.source, sandbox.mode),
      applySettings(destination.machine, spec, abilities.destination, sandbox.mode),
    );
    this.#effective = { source: sourceSettings, destination: destinationSettings };
    this.#watch.lap('settings');
    await telemetry.beginSession({ timeoutMs: SESSION_TIMEOUT_MS, signal });
    this.#watch.lap('session');
    return [source, destination];
  }

  async #copyDisk(): Promise<string | undefined> {
    const { template } = this.#options;
    if (template.diskPath === undefined) return undefined;
    // Most of a fresh database's disk is holes: neither the host's disk nor its cache should pay for them.
    await run(
      hostProgram('cp'),
      ['--sparse=always', '--reflink=auto', template.diskPath, this.#diskPath],
      {
        timeoutMs: COPY_TIMEOUT_MS,
        errorCode: 'host-unfit',
        signal: this.#options.stage.signal,
        purpose: 'copy the guest’s disk',
      },
    );
    this.#watch.lap('disk');
    return this.#diskPath;
  }

  async #migrate(source: StartedGuest, destination: StartedGuest): Promise<MigrationObservation> {
    const { stage, spec, onSample } = this.#options;
    const uri = await destinationUri(spec.transport, stage.sandbox);
    const reading = async () => ({
      link: await stage.sandbox.readLinkCounters(),
      host: hostCpu(),
      source: processCpuSeconds(source.machine.process.pid),
      destination: processCpuSeconds(destination.machine.process.pid),
      own: process.cpuUsage(),
    });
    const before = await reading();
    const observation = await migrate({
      source: source.machine,
      destination: destination.machine,
      spec,
      uri,
      signal: stage.signal,
      ...(onSample === undefined ? {} : { onSample }),
    });
    const own = process.cpuUsage(before.own);
    const after = await reading();
    const hostTotal = difference(after.host?.totalSeconds, before.host?.totalSeconds);
    const hostBusy = difference(after.host?.busySeconds, before.host?.busySeconds);
    this.#measurements = known({
      wireBytes: difference(sumOfLink(after.link), sumOfLink(before.link)),
      sourceCpuSeconds: difference(after.source, before.source),
      destinationCpuSeconds: difference(after.destination, before.destination),
      harnessCpuSeconds: (own.user + own.system) / 1e6,
      hostCpuBusyPercent:
        hostTotal === undefined || hostTotal === 0 || hostBusy === undefined
          ? undefined
          : Math.min(100, (100 * hostBusy) / hostTotal),
    });
    return observation;
  }

  /** What only the destination knows: how long post-copy blocked the guest. */
  async #destinationTotals(destination: StartedGuest): Promise<void> {
    if (this.#observation?.end.kind !== 'completed') return;
    try {
      const reply = await destination.machine.qmp.execute('query-migrate');
      const { postcopyBlocktimeMs } = migrationSample(reply);
      this.#measurements = { ...this.#measurements, ...known({ postcopyBlocktimeMs }) };
    } catch (error) {
      // A destination that has died meanwhile is judged below.
      if (!(error instanceof MigbenchError)) throw error;
    }
  }

  /** QEMU from 10.1 on does not hold multifd to max-bandwidth, and others overshoot too: say so. */
  #capWarnings(): TrialWarning[] {
    const cap = this.#effective?.source.parameters['max-bandwidth'];
    const rate = this.#measurements.throughputBitsPerSecond;
    // max-bandwidth does not govern post-copy; max-postcopy-bandwidth does.
    const isPostcopy = this.#options.spec.postcopy !== undefined;
    if (typeof cap !== 'number' || rate === undefined || isPostcopy) return [];
    if (rate <= cap * 8 * CAP_TOLERANCE) return [];
    return [
      {
        code: 'cap-not-honoured',
        message:
          `QEMU sent ${formatBitRate(rate)} although max-bandwidth is ${formatByteRate(cap)}. ` +
          'Compare this cell only with cells that kept to the cap; limit the link instead.',
      },
    ];
  }

  /** @param place the side that the guest is on now. */
  async #judge(observation: MigrationObservation, place: StartedGuest): Promise<Outcome> {
    const { stage, template, onStep } = this.#options;
    const { end } = observation;
    if (end.kind === 'failed') return end;
    const gone = goneAfterwards(place);
    if (gone !== undefined) return gone;
    onStep?.('verify');
    const thorough = end.kind === 'completed';
    this.#check = await checkGuest(stage, template.recipe, thorough);
    this.#watch.lap('verify');
    switch (this.#check.integrity) {
      case 'dead':
        return (
          goneAfterwards(place) ?? {
            kind: 'failed',
            reason: 'guest-dead',
            detail: this.#check.detail,
          }
        );
      case 'damaged':
        return { kind: 'failed', reason: 'guest-damaged', detail: this.#check.detail };
      default:
        return this.#check.unfinished === true
          ? { kind: 'invalid', reason: 'observation-missing', detail: this.#check.detail }
          : this.#complete(end);
    }
  }

  /** A completed migration without its figures is no result. */
  #complete(end: Outcome): Outcome {
    const { totalTimeMs, pauseMs } = this.#measurements;
    if (end.kind !== 'completed' || (totalTimeMs !== undefined && pauseMs !== undefined))
      return end;
    const missing = totalTimeMs === undefined ? "QEMU's totals" : 'a STOP or RESUME event';
    return {
      kind: 'invalid',
      reason: 'observation-missing',
      detail: `The migration completed, but ${missing} never came. Look at the QMP conversations of the trial.`,
    };
  }

  /** End both QEMUs and keep their conversation. Nothing of them is needed any more: they are killed, not asked. */
  async #tearDown(): Promise<void> {
    this.#watch.restart();
    await Promise.all(
      this.#guests.map(async ({ machine, transcript }) => {
        await machine[Symbol.asyncDispose]();
        await transcript.flush(join(this.#options.folder, `${machine.label}.qmp.jsonl`));
      }),
    );
    if (!this.#options.keepDisk) await rm(this.#diskPath, { force: true });
    this.#watch.lap('teardown');
  }
}

/** A signal that also aborts, with the reason, when this QEMU ends. */
function whileRunning({ machine }: StartedGuest, signal: AbortSignal): AbortSignal {
  const gone = new AbortController();
  void machine.process.exited.then((exit) =>
    gone.abort(
      new MigbenchError(
        'guest',
        `The ${machine.label} QEMU ${describeExit(exit)} before the migration.${machine.ownWords}`,
      ),
    ),
  );
  return AbortSignal.any([signal, gone.signal]);
}

/** The outcome where the QEMU that has the guest ended after the migration; a guest that panics ends it. */
function goneAfterwards({ machine }: StartedGuest): Outcome | undefined {
  const { exit } = machine.process;
  if (exit === undefined) return undefined;
  return {
    kind: 'failed',
    reason: machine.label === 'source' ? 'source-exited' : 'destination-exited',
    detail:
      `The ${machine.label} QEMU ${describeExit(exit)} after the migration; if its guest panicked, its console says ` +
      `why.${machine.ownWords}`,
  };
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

function sumOfLink(
  link: { toDestinationBytes: number; toSourceBytes: number } | undefined,
): number | undefined {
  return link === undefined ? undefined : link.toDestinationBytes + link.toSourceBytes;
}

/** Wait for all, and only then fail with the first failure: nothing started is left unknown. */
async function settleBoth<A, B>(
  first: Promise<A>,
  second: Promise<B>,
  ...others: readonly Promise<unknown>[]
): Promise<[A, B]> {
  await Promise.allSettled([first, second, ...others]);
  await Promise.all(others);
  return [await first, await second];
}

/**
 * Run one trial.
 *
 * @throws MigbenchError `interrupted` on abort; anything else thrown is a defect of migbench.
 */
export function runTrial(options: TrialOptions): Promise<TrialResult> {
  return new Trial(options).run();
}
