/** All trials of a run, one after the other: ask the builds, save the templates, then migrate and record. */
import { rm, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { calibrate } from '../calibration.ts';
import type { Progress } from '../progress.ts';
import { throwIfInterrupted } from '../deadline.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import { recipeKey, type GuestRecipe } from '../guest/recipe.ts';
import type { Stage } from '../guest/start-guest.ts';
import { createTemplate, type Template } from '../guest/template.ts';
import type { Job } from '../job.ts';
import { timelineOf, writeTimeline } from '../observe/timeline.ts';
import type { Cell, PlannedTrial } from '../plan/types.ts';
import { checkRules, rulesForBuild } from '../plan/rules.ts';
import { BuildProbe, type BuildAbilities, type Refusal } from '../qemu/abilities.ts';
import { chooseAccelerator, defaultCpu, type AcceleratorChoice } from '../qemu/accelerator.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import { pinMachineType } from '../qemu/machine-type.ts';
import type { Outcome, TrialRecord } from '../record/schema.ts';
import type { RunWriter } from '../record/writer.ts';
import type { LoadedWorkload } from '../../workloads/registry.ts';
import { formatBytes, formatDuration } from '../units.ts';
import { liveLine, mayDraw } from './live-line.ts';
import { recordOf, recordWithout, skippedBy, type RecordContext } from './record.ts';
import { runTrial } from './trial.ts';

export interface CampaignOptions {
  readonly job: Job;
  readonly stage: Stage;
  readonly writer: RunWriter;
  readonly progress: Progress;
  /** By workload path or id. */
  readonly workloads: ReadonlyMap<string, LoadedWorkload>;
}

/** A cell that can be tried, with all that its trials need; or what became of it instead. */
type Prepared =
  | { readonly kind: 'ready'; readonly template: Template; readonly machine: MachineFacts }
  | { readonly kind: 'not'; readonly outcome: Outcome; readonly machine?: MachineFacts };

type MachineFacts = NonNullable<RecordContext['machine']>;

class Campaign {
  readonly #options: CampaignOptions;
  readonly #folder: string;
  readonly #abilities = new Map<string, BuildAbilities>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #accelerators = new Map<string, AcceleratorChoice>();
  readonly #templates = new Map<string, Promise<Template>>();
  readonly #prepared = new Map<string, Prepared>();

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#folder = join(options.job.runDirectory, 'templates');
  }

  async run(): Promise<void> {
    const { job, progress, stage } = this.#options;
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
    try {
      await this.#calibrate();
      await this.#askBuilds();
      for (const cell of this.#cells()) {
        this.#prepared.set(cell.id, await this.#prepare(cell));
      }
      const startedMs = performance.now();
      progress.begin(job.trials.length);
      for (const trial of job.trials) {
        throwIfInterrupted(stage.signal);
        const elapsedMs = performance.now() - startedMs;
        if (job.timeLimitMs !== undefined && elapsedMs >= job.timeLimitMs) {
          progress.line(
            `The time limit of ${formatDuration(job.timeLimitMs)} is reached; the remaining trials can be run with --resume.`,
          );
          break;
        }
        await this.#trial(trial);
      }
    } finally {
      progress.end();
      if (!job.keepFailed) await rm(this.#folder, { recursive: true, force: true });
    }
  }

  #cells(): readonly Cell[] {
    const cells = new Map(this.#options.job.trials.map(({ cell }) => [cell.id, cell]));
    return [...cells.values()];
  }

  async #calibrate(): Promise<void> {
    const { writer, progress } = this.#options;
    progress.live('calibrating this host');
    const { environment } = writer;
    await writer.updateEnvironment({
      ...environment,
      calibrations: [...environment.calibrations, await calibrate()],
    });
  }

  /** Ask every build what it can do, and whether it accepts the settings of its cells here. */
  async #askBuilds(): Promise<void> {
    const { job, stage, progress } = this.#options;
    for (const build of Object.values(job.builds)) {
      progress.live(`asking ${build.reference} what it can do`);
      await using probe = await BuildProbe.start(
        build,
        stage.sandbox.source,
        this.#folder,
        stage.signal,
      );
      this.#abilities.set(build.reference, probe.abilities);
      for (const cell of this.#cells()) {
        const { source, destination } = cell.spec.qemu;
        if (source !== build.reference && destination !== build.reference) continue;
        const refusal =
          ruleRefusal(cell, build) ?? (await probe.refusal(cell.spec, stage.sandbox.mode));
        if (refusal !== undefined) this.#refusals.set(cell.id, refusal);
      }
    }
  }

  #build(reference: string): QemuBuild {
    const build = this.#options.job.builds[reference];
    if (build === undefined) throw new MigbenchError('internal', `No build ${reference}.`);
    return build;
  }

  #workload(cell: Cell): LoadedWorkload {
    const { id, path } = cell.spec.workload;
    const found = this.#options.workloads.get(path ?? id);
    if (found === undefined) throw new MigbenchError('internal', `No workload ${path ?? id}.`);
    return found;
  }

  async #prepare(cell: Cell): Promise<Prepared> {
    const refusal = this.#refusals.get(cell.id);
    if (refusal !== undefined) return { kind: 'not', outcome: skippedBy(refusal) };
    const recipe = await this.#recipe(cell);
    const machine = {
      accelerator: recipe.accelerator,
      machineType: recipe.machineType,
      cpu: recipe.cpu,
    };
    try {
      return { kind: 'ready', template: await this.#template(recipe), machine };
    } catch (error) {
      throwIfInterrupted(this.#options.stage.signal);
      if (!(error instanceof MigbenchError) || error.code !== 'guest') throw error;
      this.#options.progress.line(`${cell.labels.workload}: ${error.message}`);
      const detail = messageOf(error);
      return {
        kind: 'not',
        outcome: { kind: 'invalid', reason: 'workload-not-running', detail },
        machine,
      };
    }
  }

  async #recipe(cell: Cell): Promise<GuestRecipe> {
    const { job, stage } = this.#options;
    const { spec } = cell;
    const { source, destination } = spec.qemu;
    const machineTypes = (reference: string) => this.#abilities.get(reference)?.machineTypes ?? [];
    const partial = {
      build: this.#build(source),
      machineType: pinMachineType(
        spec.guest.machine ?? 'pc',
        machineTypes(source),
        machineTypes(destination),
      ),
      shape: spec.guest,
      imageKey: job.image.key,
      workload: this.#workload(cell).definition,
      parameters: spec.workload.parameters,
    };
    const key = `${source} ${spec.accelerator}`;
    let choice = this.#accelerators.get(key);
    if (choice === undefined) {
      choice = await chooseAccelerator(
        spec.accelerator,
        stage,
        partial,
        this.#folder,
        join(job.cacheDirectory, 'accelerators'),
      );
      this.#accelerators.set(key, choice);
      await this.#noteAccelerator(source, choice);
    }
    const accelerator = choice.chosen;
    return { ...partial, accelerator, cpu: spec.guest.cpu ?? defaultCpu(accelerator) };
  }

  async #noteAccelerator(qemu: string, choice: AcceleratorChoice): Promise<void> {
    const { writer, progress } = this.#options;
    const { environment } = writer;
    const others = environment.accelerators.filter((entry) => entry.qemu !== qemu);
    await writer.updateEnvironment({
      ...environment,
      accelerators: [
        ...others,
        {
          qemu,
          chosen: choice.chosen,
          ...(choice.reason === undefined ? {} : { reason: choice.reason }),
        },
      ],
    });
    if (choice.chosen === 'tcg') {
      progress.line(
        `${qemu}: guests run under TCG, so their speed is not representative (${choice.reason ?? ''}).`,
      );
    }
  }

  #template(recipe: GuestRecipe): Promise<Template> {
    const key = recipeKey(recipe);
    const known = this.#templates.get(key);
    if (known !== undefined) return known;
    const { stage, progress } = this.#options;
    progress.live(`booting and warming up ${recipe.workload.id} on ${recipe.build.reference}`);
    const made = createTemplate(stage, recipe, this.#folder).then((template) => {
      progress.line(
        `${recipe.workload.id} on ${recipe.build.reference}: booted in ${formatDuration(template.bootMs)}, ` +
          `warm after ${formatDuration(template.warmUpMs)}, saved ${formatBytes(template.stateBytes)}.`,
      );
      return template;
    });
    this.#templates.set(key, made);
    return made;
  }

  async #trial(trial: PlannedTrial): Promise<void> {
    const { writer, progress } = this.#options;
    const prepared = this.#prepared.get(trial.cell.id);
    if (prepared === undefined) throw new MigbenchError('internal', `No cell ${trial.cell.id}.`);
    const context: RecordContext = {
      environment: writer.environment,
      trial,
      workload: this.#workload(trial.cell).definition,
      builds: {
        source: this.#build(trial.cell.spec.qemu.source),
        destination: this.#build(trial.cell.spec.qemu.destination),
      },
      startedAt: new Date().toISOString(),
      ...(prepared.machine === undefined ? {} : { machine: prepared.machine }),
    };
    const record =
      prepared.kind === 'not'
        ? recordWithout(context, prepared.outcome)
        : await this.#migrate(context, prepared.template);
    await writer.append(record);
    progress.finish(finishedLine(record));
  }

  async #migrate(context: RecordContext, template: Template): Promise<TrialRecord> {
    const { stage, writer, progress } = this.#options;
    const { trial } = context;
    const { spec } = trial.cell;
    const name = shortName(trial);
    const folder = await writer.trialFolder(trial.id);
    const abilities = (reference: string) =>
      this.#abilities.get(reference) ?? { capabilities: [], parameters: [] };
    const limit = spec.parameters['downtime-limit'];
    const result = await runTrial({
      stage,
      spec,
      template,
      destinationBuild: context.builds.destination,
      abilities: {
        source: abilities(spec.qemu.source),
        destination: abilities(spec.qemu.destination),
      },
      folder,
      onStep: (step) => {
        progress.live(`${name}: ${step}`);
      },
      onSample: (sample) => {
        if (!mayDraw(sample, typeof limit === 'number' ? limit : undefined)) return;
        progress.live(() => liveLine(name, sample));
      },
    });
    if (result.observation !== undefined) {
      const timeline = timelineOf(result.observation, stage.telemetry.samples);
      await writeTimeline(join(folder, 'timeline.jsonl'), timeline);
    }
    if (this.#options.job.keepFailed && result.outcome.kind === 'failed') {
      progress.line(`Kept: ${folder} and the guest it started from, ${template.statePath}`);
    }
    return recordOf(context, result);
  }
}

function ruleRefusal(cell: Cell, build: QemuBuild): Refusal | undefined {
  const [violation] = checkRules(cell.spec, rulesForBuild(build.version));
  if (violation === undefined) return undefined;
  return {
    reason: 'not-supported',
    detail: `${build.reference} (QEMU ${build.version}): ${violation.reason}`,
  };
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
 *   `record` where the disk is full.
 */
export function runCampaign(options: CampaignOptions): Promise<void> {
  return new Campaign(options).run();
}
