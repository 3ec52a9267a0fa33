/** Getting cells ready for their trials: ask the builds, choose the accelerator, save the templates. */
import { join } from 'node:path';
import { throwIfInterrupted } from '../deadline.ts';
import { isDiskFull, MigbenchError, messageOf } from '../errors.ts';
import { recipeKey, type GuestRecipe } from '../guest/recipe.ts';
import { createTemplate, type Template, type WantedFacts } from '../guest/template.ts';
import type { Job } from '../job.ts';
import type { Cell } from '../plan/types.ts';
import { BuildProbe, type BuildAbilities } from '../qemu/abilities.ts';
import { chooseAccelerator, defaultCpu, type AcceleratorChoice } from '../qemu/accelerator.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import { defaultMachine, pinMachineType } from '../qemu/machine-type.ts';
import type { Outcome } from '../record/schema.ts';
import type { LoadedWorkload } from '../../workloads/registry.ts';
import { formatBytes, formatDuration } from '../units.ts';
import type { CampaignOptions } from './campaign.ts';
import { skippedBy, type BuildIdentity, type RecordContext } from './record.ts';
import { requireSameAccelerator } from './same-accelerator.ts';
import type { KnownSettings } from './settings.ts';
import { modeRefusal, outcomeOf, ruleRefusal, withoutRing } from './unprepared.ts';

/** A cell that can be tried, with all that its trials need; or what became of it instead. */
export type Prepared =
  | { readonly kind: 'ready'; readonly template: Template; readonly machine: MachineFacts }
  | { readonly kind: 'not'; readonly outcome: Outcome; readonly machine?: MachineFacts };

type MachineFacts = NonNullable<RecordContext['machine']>;

export class Preparation {
  readonly #options: CampaignOptions;
  readonly #folder: string;
  readonly #abilities = new Map<string, BuildAbilities>();
  /** What becomes of cells that are not tried, by their ids. */
  readonly #outcomes = new Map<string, Outcome>();
  readonly #accelerators = new Map<string, AcceleratorChoice>();
  readonly #templates = new Map<string, Promise<Template>>();

  /** @param folder where templates and the logs of probes go. */
  constructor(options: CampaignOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  /** The cells to prepare, once every build was asked what it can do and whether it accepts their settings here. */
  async cells(): Promise<readonly Cell[]> {
    const { cells } = this.#options.job;
    await this.#askBuilds(cells);
    return cells;
  }

  async #askBuilds(cells: readonly Cell[]): Promise<void> {
    const { job, stage, progress } = this.#options;
    for (const [reference, reason] of Object.entries(job.brokenBuilds)) {
      this.#giveUp(cells, reference, reason);
    }
    for (const build of Object.values(job.builds)) {
      progress.live(`asking ${build.reference} what it can do`);
      try {
        await this.#askBuild(build, cells);
      } catch (error) {
        throwIfInterrupted(stage.signal);
        if (!(error instanceof MigbenchError) || error.code === 'internal') throw error;
        if (isDiskFull(error.cause)) throw error;
        this.#giveUp(cells, build.reference, messageOf(error));
        progress.line(
          `QEMU ${build.reference}: ${messageOf(error)} Its cells fail; the others are run.`,
        );
      }
    }
  }

  async #askBuild(build: QemuBuild, cells: readonly Cell[]): Promise<void> {
    const { stage } = this.#options;
    await using probe = await BuildProbe.start(
      build,
      stage.sandbox.source,
      this.#folder,
      stage.signal,
    );
    this.#abilities.set(build.reference, probe.abilities);
    for (const cell of cellsOf(cells, build.reference)) {
      const { mode } = stage.sandbox;
      const refusal =
        ruleRefusal(cell, build) ??
        modeRefusal(cell, mode) ??
        (await probe.refusal(cell.spec, mode));
      if (refusal !== undefined) this.#outcomes.set(cell.id, skippedBy(refusal));
    }
  }

  /** A build that does not work: nothing of it can be measured, and that is a failure. */
  #giveUp(cells: readonly Cell[], reference: string, reason: string): void {
    const detail = `${reason} Check ${reference}, or take it out of the plan.`;
    for (const cell of cellsOf(cells, reference)) {
      this.#outcomes.set(cell.id, { kind: 'failed', reason: 'setup-error', detail });
    }
  }

  /** What a record says of a build, one that does not work included. */
  identity(reference: string): BuildIdentity {
    return this.#options.job.builds[reference] ?? { reference, version: 'unknown', package: '' };
  }

  /** The build that a plan's reference stands for. */
  build(reference: string): QemuBuild {
    const build = this.#options.job.builds[reference];
    if (build === undefined) throw new MigbenchError('internal', `No build ${reference}.`);
    return build;
  }

  workload(cell: Cell): LoadedWorkload {
    const { id, path } = cell.spec.workload;
    const found = this.#options.workloads.get(path ?? id);
    if (found === undefined) throw new MigbenchError('internal', `No workload ${path ?? id}.`);
    return found;
  }

  /** The settings that a build knows by name. */
  known(reference: string): KnownSettings {
    return this.#abilities.get(reference) ?? { capabilities: [], parameters: [] };
  }

  /**
   * Get a cell ready for its trials. A cell that cannot be tried is no reason to give up the others.
   *
   * @throws MigbenchError `interrupted`; `host-unfit` where the plan insists on KVM, or the disk is full; `record`
   *   where guests ran under another accelerator before.
   */
  async prepare(cell: Cell): Promise<Prepared> {
    const known = this.#outcomes.get(cell.id);
    if (known !== undefined) return { kind: 'not', outcome: known };
    const accelerator = await this.#accelerator(cell);
    const ringless = withoutRing(cell, accelerator);
    if (ringless !== undefined) return { kind: 'not', outcome: ringless };
    let machine: MachineFacts | undefined;
    try {
      const { bootedBy = cell.spec.qemu.source } = this.#options.job;
      const recipe = this.#recipe(cell, accelerator, bootedBy);
      machine = {
        accelerator: recipe.accelerator,
        machineType: recipe.machineType,
        cpu: recipe.cpu,
      };
      return { kind: 'ready', template: await this.#template(recipe), machine };
    } catch (error) {
      throwIfInterrupted(this.#options.stage.signal);
      const outcome = outcomeOf(error);
      if (outcome === undefined) throw error;
      this.#options.progress.line(`${cell.id}: ${messageOf(error)}`);
      return { kind: 'not', outcome, ...(machine === undefined ? {} : { machine }) };
    }
  }

  #recipe(cell: Cell, { chosen, cpu }: AcceleratorChoice, booted: string): GuestRecipe {
    const { spec } = cell;
    if (!this.#abilities.has(booted)) {
      throw new MigbenchError('host-unfit', `${booted} is to boot the guest and does not work.`);
    }
    return {
      ...this.#guest(cell),
      build: this.build(booted),
      machineType: this.#machineType(spec),
      accelerator: chosen,
      cpu: spec.guest.cpu ?? defaultCpu(chosen, cpu),
    };
  }

  /** What of a recipe the plan alone says. */
  #guest(cell: Cell): Pick<GuestRecipe, 'shape' | 'imageKey' | 'workload' | 'parameters'> {
    const { guest, workload } = cell.spec;
    return {
      shape: guest,
      imageKey: this.#options.job.image.key,
      workload: this.workload(cell).definition,
      parameters: workload.parameters,
    };
  }

  /** One that both sides know; where one build boots the guests of all, one that all know, the same for every cell. */
  #machineType({ guest, qemu }: Cell['spec']): string {
    const of = (reference: string) => this.#abilities.get(reference)?.machineTypes ?? [];
    const { bootedBy } = this.#options.job;
    const concerned =
      bootedBy === undefined ? [qemu.source, qemu.destination] : this.#abilities.keys();
    const requested =
      guest.machine ?? defaultMachine([...concerned].map((name) => this.build(name)));
    if (bootedBy === undefined) {
      return pinMachineType(requested, of(qemu.source), of(qemu.destination));
    }
    const others = [...this.#abilities.keys()].filter((name) => name !== bootedBy).map(of);
    const first = others[0] ?? of(bootedBy);
    const common = first.filter(({ name }) =>
      others.every((types) => types.some((type) => type.name === name)),
    );
    return pinMachineType(requested, of(bootedBy), common);
  }

  async #accelerator(cell: Cell): Promise<AcceleratorChoice> {
    const { job, stage } = this.#options;
    const { source } = cell.spec.qemu;
    const key = `${source} ${cell.spec.accelerator}`;
    const known = this.#accelerators.get(key);
    if (known !== undefined) return known;
    const build = this.build(source);
    const choice = await chooseAccelerator(
      cell.spec.accelerator,
      stage,
      { ...this.#guest(cell), build },
      this.#folder,
      join(job.cacheDirectory, 'accelerators'),
    );
    const { writer, measuredUnder } = this.#options;
    requireSameAccelerator(source, choice, { measuredUnder, environment: writer.environment });
    this.#accelerators.set(key, choice);
    await this.#noteAccelerator(source, choice);
    return choice;
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
    const { job, stage, progress } = this.#options;
    progress.live(`booting and warming up ${recipe.workload.id} on ${recipe.build.reference}`);
    const made = createTemplate(stage, recipe, this.#folder, wantedFacts(job)).then((template) => {
      const { heartbeat } = template;
      progress.line(
        `${recipe.workload.id} on ${recipe.build.reference}: booted in ${formatDuration(template.bootMs)}, ` +
          `warm after ${formatDuration(template.warmUpMs)}, saved ${formatBytes(template.stateBytes)}` +
          (heartbeat === undefined
            ? '.'
            : `, heartbeat every ${formatDuration(heartbeat.periodUs / 1000)}.`),
      );
      return template;
    });
    this.#templates.set(key, made);
    return made;
  }
}

/** What is measured of each guest. The trials of a job may all come later (`untilPrecision`), its cells do not. */
export function wantedFacts({
  cells,
  cacheDirectory,
}: Pick<Job, 'cells' | 'cacheDirectory'>): WantedFacts {
  return {
    heartbeat: cells.some(({ spec }) => spec.probes.heartbeat === 'auto'),
    folder: join(cacheDirectory, 'facts'),
  };
}

/** The cells that a build has a side in. */
function cellsOf(cells: readonly Cell[], reference: string): Cell[] {
  return cells.filter(({ spec: { qemu } }) => [qemu.source, qemu.destination].includes(reference));
}
