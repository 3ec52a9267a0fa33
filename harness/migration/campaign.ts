/** All trials of a run, one after the other: prepare the cells, then migrate and record. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { calibrate } from '../calibration.ts';
import { throwIfInterrupted } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import type { Stage } from '../guest/start-guest.ts';
import type { Template } from '../guest/template.ts';
import type { Job } from '../job.ts';
import { timelineOf, writeTimeline } from '../observe/timeline.ts';
import type { PlannedTrial } from '../plan/types.ts';
import type { Progress } from '../progress.ts';
import { timelineFileName } from '../record/layout.ts';
import type { TrialRecord } from '../record/schema.ts';
import type { RunWriter } from '../record/writer.ts';
import { timeLinkCopies, type LinkCopies } from '../sandbox/link-copy.ts';
import type { LoadedWorkload } from '../../workloads/registry.ts';
import { formatBytes, formatDuration } from '../units.ts';
import { liveLine, mayDraw } from './live-line.ts';
import { pinObservers } from './pin-observers.ts';
import { Preparation, type Prepared } from './prepare.ts';
import { recordOf, recordWithout, type RecordContext } from './record.ts';
import { trialsOf } from './trials-of.ts';
import { runTrial } from './trial.ts';

export interface CampaignOptions {
  readonly job: Job;
  readonly stage: Stage;
  readonly writer: RunWriter;
  readonly progress: Progress;
  /** What guests of the run ran under before, by source QEMU; empty in a new run. */
  readonly measuredUnder: ReadonlyMap<string, ReadonlySet<'kvm' | 'tcg'>>;
  /** By workload path or id. */
  readonly workloads: ReadonlyMap<string, LoadedWorkload>;
  /** With `job.untilPrecision`: whether the records so far are precise enough, and in words how precise they are. */
  readonly precision?: () => Promise<{ readonly reached: boolean; readonly text: string }>;
}

/** Between blocks the host is calibrated again where so long has passed since it last was, ms. */
const CALIBRATION_INTERVAL_MS = 30_000;

class Campaign {
  readonly #options: CampaignOptions;
  readonly #folder: string;
  readonly #preparation: Preparation;
  readonly #prepared = new Map<string, Prepared>();
  /** When the host was last calibrated, monotonic. */
  #calibratedMs = -Infinity;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#folder = join(options.job.runDirectory, 'templates');
    this.#preparation = new Preparation(options, this.#folder);
  }

  async run(): Promise<void> {
    const { job, progress, stage } = this.#options;
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
    try {
      await this.#calibrate();
      for (const cell of await this.#preparation.cells()) {
        this.#prepared.set(cell.id, await this.#preparation.prepare(cell));
      }
      // Not before the guests are booted, which would inherit it.
      await pinObservers(job);
      const startedMs = performance.now();
      let block = job.trials[0]?.block;
      progress.begin(job.trials.length);
      for await (const trial of trialsOf(this.#options)) {
        throwIfInterrupted(stage.signal);
        const elapsedMs = performance.now() - startedMs;
        if (job.timeLimitMs !== undefined && elapsedMs >= job.timeLimitMs) {
          progress.line(
            `The time limit of ${formatDuration(job.timeLimitMs)} is reached; the remaining trials can be run with --resume.`,
          );
          break;
        }
        if (trial.block !== block) {
          block = trial.block;
          await this.#calibrateAgain();
        }
        await this.#trial(trial);
      }
    } finally {
      progress.end();
      if (!job.keepFailed) await rm(this.#folder, { recursive: true, force: true });
    }
  }

  /** Between two blocks: what drifts is then known. */
  async #calibrateAgain(): Promise<void> {
    if (performance.now() - this.#calibratedMs >= CALIBRATION_INTERVAL_MS) await this.#calibrate();
  }

  async #calibrate(): Promise<void> {
    const { writer, progress } = this.#options;
    progress.live('calibrating this host');
    const { environment } = writer;
    await writer.updateEnvironment({
      ...environment,
      calibrations: [...environment.calibrations, await calibrate(await this.#copies())],
    });
    this.#calibratedMs = performance.now();
  }

  /** Over the fastest link of the run, the same each time. A host that cannot is found out by its trials. */
  async #copies(): Promise<LinkCopies | undefined> {
    const { job, stage, progress } = this.#options;
    if (stage.sandbox.mode === 'loopback') return undefined;
    const rates = job.cells.map(({ spec }) => spec.link.bandwidthBitsPerSecond);
    const limits = rates.filter((rate) => rate !== 'unlimited');
    const fastest = limits.length < rates.length ? 'unlimited' : Math.max(...limits);
    try {
      return await timeLinkCopies(stage.sandbox, { bandwidthBitsPerSecond: fastest });
    } catch (error) {
      throwIfInterrupted(stage.signal);
      if (!(error instanceof MigbenchError) || error.code === 'internal') throw error;
      progress.line(`Calibration: ${error.message}`);
      return undefined;
    }
  }

  async #trial(trial: PlannedTrial): Promise<void> {
    const { writer, progress } = this.#options;
    const prepared = this.#prepared.get(trial.cell.id);
    if (prepared === undefined) throw new MigbenchError('internal', `No cell ${trial.cell.id}.`);
    const context: RecordContext = {
      environment: { ...writer.environment, sandboxMode: this.#options.job.kind.mode },
      trial,
      workload: this.#preparation.workload(trial.cell).definition,
      builds: {
        source: this.#preparation.identity(trial.cell.spec.qemu.source),
        destination: this.#preparation.identity(trial.cell.spec.qemu.destination),
      },
      startedAt: new Date().toISOString(),
      ...(prepared.machine === undefined ? {} : { machine: prepared.machine }),
    };
    // What an earlier attempt left behind must not be taken for this one’s.
    await writer.removeTrialFolder(trial.id);
    const record =
      prepared.kind === 'not'
        ? recordWithout(context, prepared.outcome)
        : await this.#migrate(context, prepared.template);
    // A QEMU that went down with an interrupted program is no failure of its trial.
    throwIfInterrupted(this.#options.stage.signal);
    await writer.append(record);
    progress.finish(finishedLine(record));
  }

  async #migrate(context: RecordContext, template: Template): Promise<TrialRecord> {
    const { stage, writer, progress } = this.#options;
    const { trial } = context;
    const { spec } = trial.cell;
    const name = shortName(trial);
    const folder = await writer.trialFolder(trial.id);
    const limit = spec.parameters['downtime-limit'];
    const result = await runTrial({
      stage,
      spec,
      template,
      sourceBuild: this.#preparation.build(spec.qemu.source),
      destinationBuild: this.#preparation.build(spec.qemu.destination),
      abilities: {
        source: this.#preparation.known(spec.qemu.source),
        destination: this.#preparation.known(spec.qemu.destination),
      },
      folder,
      keepDisk: this.#options.job.keepFailed,
      onStep: (step) => {
        progress.live(`${name}: ${step}`);
      },
      onSample: (sample, resumed) => {
        if (!mayDraw(sample, resumed, typeof limit === 'number' ? limit : undefined)) return;
        progress.live(() => liveLine(name, sample));
      },
    });
    if (result.observation !== undefined) {
      const timeline = timelineOf(result.observation, stage.telemetry.samples, result.timeline);
      await writeTimeline(join(writer.directory, timelineFileName(trial.id)), timeline);
    }
    if (this.#options.job.keepFailed && result.outcome.kind === 'failed') {
      progress.line(`Kept: ${folder} and the guest it started from, ${template.statePath}`);
    }
    return recordOf(context, result);
  }
}

function shortName(trial: PlannedTrial): string {
  const { workload, setting, link } = trial.cell.labels;
  return `${workload}/${setting}/${link} #${trial.repetition}`;
}

function finishedLine(record: TrialRecord): string {
  const { labels, outcome, measurements } = record;
  const name = `${labels.workload}/${labels.setting}/${labels.link} #${record.repetition}`;
  if (outcome.kind !== 'completed') return `${name}: ${outcome.kind}: ${outcome.detail}`;
  const { totalTimeMs, downtimeMs, pauseMs, transferredBytes } = measurements;
  const figures = [
    totalTimeMs === undefined ? '' : formatDuration(totalTimeMs),
    downtimeMs === undefined ? '' : `downtime ${formatDuration(downtimeMs)}`,
    pauseMs === undefined ? '' : `pause ${formatDuration(pauseMs)}`,
    transferredBytes === undefined ? '' : formatBytes(transferredBytes),
  ];
  return `${name}: completed, ${figures.filter((figure) => figure !== '').join(', ')}`;
}

/**
 * Run all trials of a job. Each record is on the disk before the next trial begins.
 *
 * @throws MigbenchError `interrupted` on abort, `host-unfit` where a build or accelerator does not work here,
 *   or the disk is full; `record` where the run directory cannot be written.
 */
export function runCampaign(options: CampaignOptions): Promise<void> {
  return new Campaign(options).run();
}
