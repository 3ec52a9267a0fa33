/** Inside the sandbox: boots each subject, measures it and writes its card. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { throwIfInterrupted } from '../../deadline.ts';
import { MigbenchError } from '../../errors.ts';
import { bootWarmGuest } from '../../guest/warm-guest.ts';
import type { GuestRecipe } from '../../guest/recipe.ts';
import type { Stage } from '../../guest/start-guest.ts';
import type { CharacterizeJob } from '../../job.ts';
import type { Progress } from '../../progress.ts';
import { BuildProbe } from '../../qemu/abilities.ts';
import { chooseAccelerator, defaultCpu } from '../../qemu/accelerator.ts';
import type { QemuBuild } from '../../qemu/builds/index.ts';
import { defaultMachine, pinMachineType, type MachineType } from '../../qemu/machine-type.ts';
import { writeFileAtomically } from '../../record/durable.ts';
import { formatBytes, formatDuration } from '../../units.ts';
import { migbenchVersion } from '../../version.ts';
import type { LoadedWorkload } from '../../../workloads/registry.ts';
import { CARD_FILE } from '../card.ts';
import { makeCard } from '../make-card.ts';
import { measureGuest, type GuestMeasurement } from './measure-guest.ts';
import type { Subject } from './subjects.ts';

export interface CharacterizeOptions {
  readonly job: CharacterizeJob;
  readonly stage: Stage;
  readonly progress: Progress;
  /** By workload path or id. */
  readonly workloads: ReadonlyMap<string, LoadedWorkload>;
}

/**
 * Characterize all subjects of a job, one after the other. Each card is on the disk before the next guest is booted.
 *
 * @throws MigbenchError `guest` where a guest does not come up or its workload ends; `host-unfit`; `interrupted`.
 */
export async function characterizeSubjects(options: CharacterizeOptions): Promise<void> {
  const { job, progress, stage } = options;
  const machineTypes = new Map<string, readonly MachineType[]>();
  progress.begin(job.subjects.length, 'cards');
  try {
    for (const { subject, folder } of job.subjects) {
      throwIfInterrupted(stage.signal);
      await mkdir(folder, { recursive: true });
      const recipe = await recipeOf(options, subject, folder, machineTypes);
      progress.finish(await characterizeOne(options, subject, recipe, folder));
    }
  } finally {
    progress.end();
  }
}

async function characterizeOne(
  { job, stage, progress }: CharacterizeOptions,
  subject: Subject,
  recipe: GuestRecipe,
  folder: string,
): Promise<string> {
  const { build, workload, shape } = recipe;
  progress.live(`${subject.name}: booting and warming up`);
  await using guest = await bootWarmGuest(stage, recipe, folder);
  progress.line(
    `${subject.name}: booted in ${formatDuration(guest.bootMs)}, warm after ${formatDuration(guest.warmUpMs)}.`,
  );
  const startedMs = performance.now();
  const measured = await measureGuest({
    ...{ stage, guest, folder },
    memoryBytes: shape.memoryBytes,
    accelerator: recipe.accelerator,
    windowsMs: job.windowsMs,
    reader: job.reader,
    onStep: (step, share) => {
      const percent = share === undefined ? '' : ` ${Math.round(share * 100)} %`;
      progress.live(`${subject.name}: ${step}${percent}`);
    },
  });
  // Before the card: it says why there is none.
  await writeFileAtomically(join(folder, 'windows.csv'), windowsCsv(measured));
  const card = makeCard(
    {
      workload: workload.id,
      title: subject.cell.labels.workload,
      workloadParams: { ...recipe.parameters },
      guest: {
        ...{ memoryBytes: shape.memoryBytes, vcpus: shape.vcpus },
        ...{ machineType: recipe.machineType, cpu: recipe.cpu },
      },
      qemu: { reference: build.reference, version: build.version, package: build.package },
      accelerator: recipe.accelerator,
      createdAt: new Date().toISOString(),
      migbench: migbenchVersion(),
      host: job.host,
      progressUnit: workload.progressUnit,
    },
    measured,
  );
  await writeFileAtomically(join(folder, CARD_FILE), `${JSON.stringify(card, null, 2)}\n`);
  return (
    `${subject.name}: working set ${formatBytes(card.workingSetBytes)}, ${card.phases.kind}, ` +
    `measured in ${formatDuration(performance.now() - startedMs)}`
  );
}

async function recipeOf(
  { job, stage, progress, workloads }: CharacterizeOptions,
  { cell, shape }: Subject,
  folder: string,
  machineTypes: Map<string, readonly MachineType[]>,
): Promise<GuestRecipe> {
  const { spec } = cell;
  const build = buildOf(job, spec.qemu.source);
  const workload = workloads.get(spec.workload.path ?? spec.workload.id);
  if (workload === undefined)
    throw new MigbenchError('internal', `No workload ${spec.workload.id}.`);
  let types = machineTypes.get(build.reference);
  if (types === undefined) {
    progress.live(`asking ${build.reference} what it can do`);
    await using probe = await BuildProbe.start(build, stage.sandbox.source, folder, stage.signal);
    types = probe.abilities.machineTypes;
    machineTypes.set(build.reference, types);
  }
  const common = {
    build,
    machineType: pinMachineType(spec.guest.machine ?? defaultMachine([build]), types, types),
    shape,
    imageKey: job.image.key,
    workload: workload.definition,
    parameters: spec.workload.parameters,
  };
  const choice = await chooseAccelerator(
    spec.accelerator,
    stage,
    common,
    folder,
    join(job.cacheDirectory, 'accelerators'),
  );
  return {
    ...common,
    accelerator: choice.chosen,
    cpu: spec.guest.cpu ?? defaultCpu(choice.chosen, choice.cpu),
  };
}

function buildOf(job: CharacterizeJob, reference: string): QemuBuild {
  const build = job.builds[reference];
  if (build === undefined) throw new MigbenchError('internal', `No build ${reference}.`);
  return build;
}

/** Every single window, for those who want to look behind the curve. */
function windowsCsv(measured: GuestMeasurement): string {
  const rows = [
    ...measured.windows.map(({ windowMs, tookMs, atMs, bytes, unevenMs }) => [
      ...['memory-file', windowMs, rounded(tookMs), rounded(atMs), bytes, rounded(unevenMs)],
    ]),
    ...measured.dirtyRates.readings.map(({ mode, windowMs, uniqueDirtyBytes }) => [
      ...[`calc-dirty-rate ${mode}`, windowMs, '', '', Math.round(uniqueDirtyBytes), ''],
    ]),
  ];
  return stringify(rows, {
    header: true,
    columns: ['method', 'window_ms', 'took_ms', 'at_ms', 'unique_dirty_bytes', 'uneven_ms'],
    record_delimiter: '\r\n',
  });
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
