/**
 * Both sides of a trial: two fresh QEMUs, the source restored from its template, everything set on both; and their end.
 */
import { rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { restoreState } from '../guest/saved-state.ts';
import { startGuest, type Stage, type StartedGuest } from '../guest/start-guest.ts';
import type { Template } from '../guest/template.ts';
import type { CellSpec, Pinning } from '../plan/types.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import type { HostRole } from '../sandbox/host.ts';
import { hostProgram, run } from '../sandbox/process.ts';
import { applySettings, type Effective } from './apply-settings.ts';
import type { KnownSettings } from './settings.ts';
import type { Stopwatch } from './stopwatch.ts';
import { addCredentials, credentialsFolder } from './tls.ts';

export interface SidesOptions {
  readonly stage: Stage;
  readonly spec: CellSpec;
  readonly template: Template;
  /** What the guest is restored in, which need not be the build that booted it. */
  readonly sourceBuild: QemuBuild;
  readonly destinationBuild: QemuBuild;
  readonly abilities: { readonly source: KnownSettings; readonly destination: KnownSettings };
  /** Folder for the trial's files. */
  readonly folder: string;
}

/** Both guests, ready to be migrated. */
export interface RestoredSides {
  readonly source: StartedGuest;
  readonly destination: StartedGuest;
  readonly effective: Effective;
}

/** Deadline for copying the guest's disk, ms. */
const COPY_TIMEOUT_MS = 600_000;
/** Deadline for the restored guest to answer its first command, ms. */
const SESSION_TIMEOUT_MS = 20_000;

export class Sides {
  readonly #options: SidesOptions;
  readonly #guests: StartedGuest[] = [];
  readonly #diskPath: string;
  readonly #sharedMemoryPath: string;

  constructor(options: SidesOptions) {
    this.#options = options;
    this.#diskPath = join(options.folder, 'disk.raw');
    this.#sharedMemoryPath = join(options.stage.sandbox.scratch, 'guest-memory');
  }

  /**
   * Start both QEMUs, restore the source, set everything on both, and agree with the guest on a session.
   *
   * @throws MigbenchError where a QEMU or the guest does not do it; `end` is still to be called.
   */
  async restore(watch: Stopwatch): Promise<RestoredSides> {
    const { stage, spec, template, abilities } = this.#options;
    const { sandbox, telemetry, signal } = stage;
    const diskPath = await this.#copyDisk(watch);
    const [source, destination] = await settleBoth(
      this.#start('source', diskPath),
      this.#start('destination', diskPath),
      sandbox.shapeLink(spec.link),
    );
    watch.lap('start');
    await restoreState(source.machine, template.statePath, signal);
    watch.lap('restore');
    await this.#addCredentials(source, destination, watch);
    const [sourceSettings, destinationSettings] = await settleBoth(
      applySettings(source.machine, spec, abilities.source, sandbox.mode),
      applySettings(destination.machine, spec, abilities.destination, sandbox.mode),
    );
    watch.lap('settings');
    await telemetry.beginSession({ timeoutMs: SESSION_TIMEOUT_MS, signal });
    watch.lap('session');
    return {
      source,
      destination,
      effective: { source: sourceSettings, destination: destinationSettings },
    };
  }

  async #start(role: 'source' | 'destination', diskPath?: string): Promise<StartedGuest> {
    const { stage, spec, template, folder } = this.#options;
    const processors = processorsOf(spec.pin, role);
    const guest = await startGuest(stage, {
      recipe: template.recipe,
      host: stage.sandbox[role],
      build: this.#options[role === 'source' ? 'sourceBuild' : 'destinationBuild'],
      incoming: 'defer',
      folder,
      ...(diskPath === undefined ? {} : { diskPath }),
      // Memory that is not sent must be there already: a file that both sides open, on the sandbox's own tmpfs.
      ...(spec.capabilities['x-ignore-shared'] === true
        ? { sharedMemoryPath: this.#sharedMemoryPath }
        : {}),
      ...(processors === undefined ? {} : { processors }),
      // A destination that waits for a page answers out of band only.
      ...((spec.postcopy?.recover ?? false) === false ? {} : { oob: true }),
    });
    this.#guests.push(guest);
    return guest;
  }

  async #addCredentials(
    source: StartedGuest,
    destination: StartedGuest,
    watch: Stopwatch,
  ): Promise<void> {
    const { stage, spec } = this.#options;
    const { tls } = spec;
    if (tls === undefined) return;
    const folder = await credentialsFolder(tls, stage.sandbox);
    await settleBoth(
      addCredentials(source.machine, 'source', tls, folder),
      addCredentials(destination.machine, 'destination', tls, folder),
    );
    watch.lap('credentials');
  }

  async #copyDisk(watch: Stopwatch): Promise<string | undefined> {
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
    watch.lap('disk');
    return this.#diskPath;
  }

  /**
   * End both QEMUs and keep their conversation. Nothing of them is needed any more: they are killed, not asked.
   *
   * @param keepDisk whether the guest's disk is left for someone to look into.
   */
  async end(keepDisk: boolean): Promise<void> {
    await Promise.all(
      this.#guests.map(async ({ machine, transcript }) => {
        await machine[Symbol.asyncDispose]();
        await transcript.flush(join(this.#options.folder, `${machine.label}.qmp.jsonl`));
      }),
    );
    if (!keepDisk) await rm(this.#diskPath, { force: true });
    await rm(this.#sharedMemoryPath, { force: true });
  }
}

/** A QEMU that the plan does not pin must not inherit where the observers are pinned to. */
function processorsOf(pin: Pinning | undefined, role: HostRole): string | undefined {
  return pin?.[role] ?? (pin?.observers === undefined ? undefined : `0-${cpus().length - 1}`);
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
