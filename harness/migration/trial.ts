/**
 * One trial: restore the source, start a fresh destination, set both, wait for the load, migrate, watch the
 * aftermath, verify, tear down. Everything that a QEMU or a guest does wrong becomes the trial's outcome.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfInterrupted, window } from '../deadline.ts';
import { isDiskFull, MigbenchError, messageOf } from '../errors.ts';
import type { StartedGuest } from '../guest/start-guest.ts';
import { rateBetween } from '../guest/telemetry-samples.ts';
import { ProbeSet, type ProbeResults } from '../observe/probe.ts';
import { probeFactories } from '../observe/probes.ts';
import { workloadCostOf } from '../observe/workload.ts';
import { migrationSample } from '../qmp/index.ts';
import type {
  Measurements,
  Outcome,
  TimelineSample,
  TrialRecord,
  TrialWarning,
} from '../record/schema.ts';
import { awaitAftermath } from './aftermath.ts';
import { beside, type Competing } from './competing.ts';
import { migrate } from './driver.ts';
import { DiskMirror } from './disk-mirror.ts';
import { handOver } from './hand-over.ts';
import { judge, whileRunning } from './judge.ts';
import { momentsOf, type MigrationObservation, type TimedSample } from './observation.ts';
import { postcopyRateWarnings, rateWarnings, zeroCopyWarnings } from './rate-warnings.ts';
import { Sides, type SidesOptions } from './sides.ts';
import { Stopwatch } from './stopwatch.ts';
import { known, postcopyDetails, totalsOf, withoutTimes } from './totals.ts';
import { layPipe, migrationRoute } from './uri.ts';
import type { GuestCheck } from './verify.ts';

export interface TrialOptions extends SidesOptions {
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
  readonly effective?: Sides['effective'];
  readonly measurements: Measurements;
  readonly observation?: MigrationObservation;
  readonly overheadMs: Readonly<Record<string, number>>;
  /** What the probes saw over time; times since `migrate`, ms. */
  readonly timeline: readonly TimelineSample[];
  /** What the probes saw that fits no column, by probe. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly warnings: readonly TrialWarning[];
}

class Trial {
  readonly #options: TrialOptions;
  readonly #watch = new Stopwatch();
  #measurements: Measurements = {};
  #observation: MigrationObservation | undefined;
  #check: GuestCheck | undefined;
  #competing: Competing | undefined;
  #probed: ProbeResults | undefined;
  #postcopy: Readonly<Record<string, unknown>> | undefined;
  #mirror: DiskMirror | undefined;
  readonly #sides: Sides;
  /** The guest on its way through a file. */
  readonly #filePath: string;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#sides = new Sides(options);
    this.#filePath = join(options.folder, 'guest');
  }

  async run(): Promise<TrialResult> {
    const { spec } = this.#options;
    let outcome: Outcome;
    try {
      outcome = await this.#steps();
    } catch (error) {
      throwIfInterrupted(this.#options.stage.signal);
      if (!(error instanceof MigbenchError) || error.code === 'internal') throw error;
      // The trials after this one would fare no better.
      if (isDiskFull(error.cause)) throw error;
      outcome = { kind: 'failed', reason: 'setup-error', detail: messageOf(error) };
    } finally {
      await this.#tearDown();
    }
    const { effective } = this.#sides;
    return {
      outcome,
      ...(this.#check === undefined
        ? {}
        : { integrity: this.#check.integrity, integrityDetail: this.#check.detail }),
      ...(effective === undefined ? {} : { effective }),
      measurements:
        outcome.kind === 'completed' ? this.#measurements : withoutTimes(this.#measurements),
      ...(this.#observation === undefined ? {} : { observation: this.#observation }),
      overheadMs: this.#watch.laps,
      timeline: this.#probed?.timeline ?? [],
      details: {
        ...this.#probed?.details,
        ...(this.#postcopy === undefined ? {} : { postcopy: this.#postcopy }),
        ...(this.#observation?.savedFile === undefined
          ? {}
          : { file: this.#observation.savedFile }),
        ...(this.#competing?.report === undefined ? {} : { competing: this.#competing.report }),
        ...(this.#observation?.outage === undefined ? {} : { outage: this.#observation.outage }),
        ...(this.#mirror === undefined ? {} : { mirror: this.#mirror.details }),
      },
      warnings: [
        ...(this.#observation?.warnings ?? []),
        ...(this.#competing?.warnings ?? []),
        ...(this.#probed?.warnings ?? []),
        ...rateWarnings(spec, effective, this.#measurements),
        ...postcopyRateWarnings(spec, effective, this.#options.stage.sandbox.mode),
        ...zeroCopyWarnings(spec, this.#observation?.final),
      ],
    };
  }

  async #steps(): Promise<Outcome> {
    const { stage, spec, template, onStep } = this.#options;
    const { telemetry, signal } = stage;
    onStep?.('restore');
    const { source, destination: launched } = await this.#sides.restore(this.#watch);
    await using probes = new ProbeSet(probeFactories(spec), {
      stage,
      spec,
      template,
      source: source.machine,
      destination: launched,
    });
    await probes.start();
    this.#watch.lap('probes');
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
    await this.#mirrorDisk(source);
    onStep?.('migrate');
    await probes.quiet();
    this.#watch.lap('probes');
    const [observation, destination] = await this.#migrate(source);
    this.#observation = observation;
    this.#watch.lap('migration');
    await probes.migrated();
    this.#watch.lap('probes');
    if (observation.end.kind === 'completed') {
      onStep?.('settle');
      const { gate: load } = template.recipe.workload;
      const baseline =
        load === undefined
          ? undefined
          : rateBetween(telemetry.samples, baselineFromMs, baselineToMs);
      await awaitAftermath({
        telemetry,
        windows: spec.windows,
        resumedAtMs: observation.endedAtMs,
        ...(baseline === undefined ? {} : { baselinePerSecond: baseline }),
        signal,
      });
      this.#watch.lap('settle');
    }
    const endedAtMs = performance.now();
    await probes.stop();
    this.#watch.lap('probes');
    const report = probes.report(
      momentsOf(observation, { baselineFromMs, baselineToMs, endedAtMs }),
    );
    this.#probed = report;
    this.#measurements = {
      ...report.measurements,
      ...totalsOf(observation, spec.capabilities['auto-converge'] === true),
      ...this.#mirror?.measurements,
      ...known({
        ...workloadCostOf(telemetry, template.recipe.workload, {
          ...{ baselineFromMs, baselineToMs, endedMs: endedAtMs },
          startedMs: observation.startedAtMs,
          stopAtMs: observation.stopAtMs,
          resumeAtMs: observation.resumeAtMs,
          resumedMs: observation.endedAtMs,
        }),
      }),
    };
    await this.#destinationTotals(destination);
    const place = observation.end.kind === 'completed' ? destination : source;
    const judged = await judge(
      { stage, recipe: template.recipe, place, measurements: this.#measurements },
      observation.end,
      () => onStep?.('verify'),
    );
    this.#check = judged.check;
    this.#watch.lap('verify');
    return judged.outcome;
  }

  /** Where the destination has a disk of its own: fill it, and keep it in step from then on. */
  async #mirrorDisk(source: StartedGuest): Promise<void> {
    const { stage, spec, template, onStep } = this.#options;
    if (spec.guest.storage !== 'mirror' || template.diskPath === undefined) return;
    onStep?.('mirror the disk');
    const destination = await this.#sides.destination();
    this.#mirror = await DiskMirror.start({
      source: source.machine,
      destination: destination.machine,
      sandbox: stage.sandbox,
      deadlineMs: spec.deadlineMs,
      signal: stage.signal,
    });
    this.#watch.lap('mirror');
  }

  async #migrate(source: StartedGuest): Promise<[MigrationObservation, StartedGuest]> {
    const { stage, spec, onSample } = this.#options;
    const route = await migrationRoute(spec, stage.sandbox, this.#filePath);
    await layPipe(route);
    const mirror = this.#mirror;
    const begun =
      spec.parameters['mode'] === 'cpr-transfer'
        ? await handOver(source.machine.qmp, route, this.#sides.handOverPath)
        : undefined;
    const destination = await this.#sides.destination();
    const [observation, competing] = await beside(spec.link, stage.sandbox, () =>
      migrate({
        source: source.machine,
        destination: destination.machine,
        spec,
        route,
        link: stage.sandbox,
        signal: stage.signal,
        ...(begun === undefined ? {} : { begun }),
        ...(mirror === undefined ? {} : { beforeSwitchover: () => mirror.finish() }),
        ...(onSample === undefined ? {} : { onSample }),
      }),
    );
    await mirror?.close();
    this.#competing = competing;
    return [observation, destination];
  }

  /** What only the destination knows: how post-copy blocked the guest. */
  async #destinationTotals(destination: StartedGuest): Promise<void> {
    if (this.#observation?.end.kind !== 'completed') return;
    try {
      const reply = await destination.machine.qmp.execute('query-migrate');
      const { postcopyBlocktimeMs } = migrationSample(reply);
      this.#measurements = { ...this.#measurements, ...known({ postcopyBlocktimeMs }) };
      this.#postcopy = postcopyDetails(reply);
    } catch (error) {
      // A destination that has died meanwhile is judged below.
      if (!(error instanceof MigbenchError)) throw error;
    }
  }

  async #tearDown(): Promise<void> {
    this.#watch.restart();
    await this.#sides.end(this.#options.keepDisk);
    await rm(this.#filePath, { force: true });
    await rm(`${this.#filePath}.part`, { force: true });
    this.#watch.lap('teardown');
  }
}

/**
 * Run one trial.
 *
 * @throws MigbenchError `interrupted` on abort; `host-unfit` where the disk is full; anything else thrown is a defect of migbench.
 */
export function runTrial(options: TrialOptions): Promise<TrialResult> {
  return new Trial(options).run();
}
