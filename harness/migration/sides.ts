/**
 * Both sides of a trial: two fresh QEMUs, the source restored from its template, everything set on both; and their end.
 */
import { existsSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { poll } from '../deadline.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import { restoreState } from '../guest/saved-state.ts';
import {
  launchGuest,
  type LaunchedGuest,
  type Stage,
  type StartedGuest,
} from '../guest/start-guest.ts';
import type { Template } from '../guest/template.ts';
import type { CellSpec } from '../plan/types.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import type { HostRole } from '../sandbox/host.ts';
import { describeExit } from '../sandbox/running.ts';
import { applySettings, type Effective } from './apply-settings.ts';
import { copyDisk } from './copy-disk.ts';
import { processorsOf } from './pin-observers.ts';
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

/** Both guests' QEMUs, ready for a migration. */
export interface RestoredSides {
  readonly source: StartedGuest;
  /** May not speak QMP yet: see `Sides.destination`. */
  readonly destination: LaunchedGuest['machine'];
}

/** How long a QEMU may take until it waits for its memory, ms. */
const SOCKET_TIMEOUT_MS = 20_000;
/** Deadline for the restored guest to answer its first command, ms. */
const SESSION_TIMEOUT_MS = 20_000;

export class Sides {
  readonly #options: SidesOptions;
  readonly #launched: LaunchedGuest[] = [];
  readonly #diskPath: string;
  /** The destination's own, where it has one. */
  readonly #mirrorPath: string;
  readonly #sharedMemoryPath: string;
  #destination: Promise<StartedGuest> | undefined;
  #sourceSettings: Effective['source'] | undefined;
  #destinationSettings: Effective['destination'] | undefined;

  constructor(options: SidesOptions) {
    this.#options = options;
    this.#diskPath = join(options.folder, 'disk.raw');
    this.#mirrorPath = join(options.folder, 'destination-disk.raw');
    this.#sharedMemoryPath = join(options.stage.sandbox.scratch, 'guest-memory');
  }

  /**
   * Start both QEMUs, restore the source, set everything on both, and agree with the guest on a session. In mode
   * cpr-transfer the destination is started and no more: it does nothing before it is handed its memory.
   *
   * @throws MigbenchError where a QEMU or the guest does not do it, or the disk is full; `end` is still to be called.
   */
  async restore(watch: Stopwatch): Promise<RestoredSides> {
    const { stage, spec, template } = this.#options;
    const { sandbox, telemetry, signal } = stage;
    const disks = await this.#makeDisks(watch);
    const launched = this.#launch('source', disks.source);
    const destination = this.#launch('destination', disks.destination);
    const [source] = await settleBoth(
      launched.connect(),
      this.#listening(destination),
      sandbox.shapeLink(spec.link),
    );
    watch.lap('start');
    await restoreState(source.machine, template.statePath, template.recipe.shape, signal);
    watch.lap('restore');
    if (spec.tls !== undefined) await this.#addCredentials(source, await this.#connect(), watch);
    const [settings] = await settleBoth(
      this.#set(source, 'source'),
      this.#handsOver ? Promise.resolve(undefined) : this.destination().then(() => undefined),
    );
    this.#sourceSettings = settings;
    watch.lap('settings');
    await telemetry.beginSession({ timeoutMs: SESSION_TIMEOUT_MS, signal });
    watch.lap('session');
    return { source, destination: destination.machine };
  }

  /** Where the destination waits for its memory in mode cpr-transfer. */
  get handOverPath(): string {
    return this.#options.stage.sandbox.destination.socketPath('cpr');
  }

  /** The destination with everything set; in mode cpr-transfer there once it was handed its memory. */
  async destination(): Promise<StartedGuest> {
    const destination = await this.#connect();
    this.#destinationSettings ??= await this.#set(destination, 'destination');
    return destination;
  }

  /** What both sides answered after they were set; `undefined` before that. */
  get effective(): Effective | undefined {
    const [source, destination] = [this.#sourceSettings, this.#destinationSettings];
    return source === undefined || destination === undefined ? undefined : { source, destination };
  }

  get #handsOver(): boolean {
    return this.#options.spec.parameters['mode'] === 'cpr-transfer';
  }

  /** As ready as the destination gets by itself. */
  async #listening(destination: LaunchedGuest): Promise<void> {
    if (this.#handsOver) {
      await awaitSocket(destination, this.handOverPath, this.#options.stage.signal);
    } else await this.#connect();
  }

  #connect(): Promise<StartedGuest> {
    const launched = this.#launched.find(({ machine }) => machine.label === 'destination');
    if (launched === undefined) throw new MigbenchError('internal', 'No destination was started.');
    this.#destination ??= launched.connect();
    return this.#destination;
  }

  #set({ machine }: StartedGuest, role: HostRole): Promise<Effective[HostRole]> {
    const { spec, abilities, stage } = this.#options;
    return applySettings(machine, spec, abilities[role], stage.sandbox.mode);
  }

  #launch(role: HostRole, diskPath: string | undefined): LaunchedGuest {
    const { stage, spec, template, folder } = this.#options;
    const processors = processorsOf(spec.pin, role);
    const guest = launchGuest(stage, {
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
      ...(this.#handsOver ? { shareAllMemory: true } : {}),
      ...(this.#handsOver && role === 'destination' ? { handOverPath: this.handOverPath } : {}),
      ...(processors === undefined ? {} : { processors }),
      // A destination that waits for a page answers out of band only.
      ...((spec.postcopy?.recover ?? false) === false ? {} : { oob: true }),
    });
    this.#launched.push(guest);
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

  /** The source's disk, a copy of the template's; and the destination's, which is the same or an empty one. */
  async #makeDisks(watch: Stopwatch): Promise<{ source?: string; destination?: string }> {
    const { template, spec } = this.#options;
    const source = await this.#copyDisk(watch);
    if (source === undefined || template.diskPath === undefined) return {};
    if (spec.guest.storage !== 'mirror') return { source, destination: source };
    const file = await open(this.#mirrorPath, 'w');
    await file.truncate((await stat(template.diskPath)).size);
    await file.close();
    return { source, destination: this.#mirrorPath };
  }

  async #copyDisk(watch: Stopwatch): Promise<string | undefined> {
    const { template, stage } = this.#options;
    if (template.diskPath === undefined) return undefined;
    await copyDisk(template.diskPath, this.#diskPath, stage.signal);
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
      this.#launched.map(async ({ machine, transcript }) => {
        await machine.process[Symbol.asyncDispose]();
        await transcript.flush(join(this.#options.folder, `${machine.label}.qmp.jsonl`));
      }),
    );
    const connected = await this.#destination?.catch(messageOf);
    if (typeof connected === 'object') await connected.machine[Symbol.asyncDispose]();
    if (!keepDisk) {
      await rm(this.#diskPath, { force: true });
      await rm(this.#mirrorPath, { force: true });
    }
    await rm(this.#sharedMemoryPath, { force: true });
  }
}

/** A QEMU that waits for its memory listens at this socket and says nothing else. */
function awaitSocket({ machine }: LaunchedGuest, path: string, signal: AbortSignal): Promise<true> {
  const late = (what: string) =>
    new MigbenchError(
      'host-unfit',
      `The destination QEMU ${what} before it waited for its memory.`,
    );
  return poll(
    () => {
      const { exit } = machine.process;
      if (exit !== undefined) throw late(describeExit(exit));
      return Promise.resolve(existsSync(path) ? (true as const) : undefined);
    },
    {
      intervalMs: 5,
      timeoutMs: SOCKET_TIMEOUT_MS,
      signal,
      late: () => late(`was given ${SOCKET_TIMEOUT_MS / 1000} s`),
    },
  );
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
