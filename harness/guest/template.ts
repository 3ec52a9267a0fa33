/**
 * Templates: a workload is booted and warmed up once, and its state saved; each trial restores it. Identical start
 * states, and no boot in the loop.
 */
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { heartbeatChoice, type HeartbeatChoice } from './heartbeat-period.ts';
import { saveState } from './saved-state.ts';
import { scaledTimeoutMs } from './timeouts.ts';
import { recipeKey, type GuestRecipe } from './recipe.ts';
import { startGuest, type Stage } from './start-guest.ts';

/** How long a guest may take from power-on to its agent's first word, ms (TCG hosts are slow). */
const BOOT_TIMEOUT_MS = 120_000;
/** Deadline of a short command to the guest agent, ms. */
const AGENT_TIMEOUT_MS = 15_000;

export interface Template {
  readonly key: string;
  readonly recipe: GuestRecipe;
  /** File with the saved state. */
  readonly statePath: string;
  readonly stateBytes: number;
  /** The guest's disk as it was when the state was saved; each trial gets a copy. */
  readonly diskPath?: string;
  /** The heartbeat's period where the plan leaves it to migbench. */
  readonly heartbeat: HeartbeatChoice;
  /** How long the boot and the warm-up took, ms. */
  readonly bootMs: number;
  readonly warmUpMs: number;
}

/**
 * Boot a guest, start its workload, wait until its load is steady, and save it.
 *
 * @param folder where templates of this run live.
 * @param factsFolder where small measured facts outlive the run; nothing is remembered where absent.
 * @throws MigbenchError `guest` where the guest does not boot or its workload does not start, saying what the guest
 *   said last.
 */
export async function createTemplate(
  stage: Stage,
  recipe: GuestRecipe,
  folder: string,
  factsFolder?: string,
): Promise<Template> {
  const key = recipeKey(recipe);
  const own = join(folder, key);
  await mkdir(own, { recursive: true });
  const disk = recipe.workload.disk?.(recipe.parameters);
  const diskPath = disk === undefined ? undefined : join(own, 'disk.raw');
  if (diskPath !== undefined && disk !== undefined) await makeDisk(diskPath, disk.sizeBytes);
  const { telemetry, signal, sandbox } = stage;
  const startedMs = performance.now();
  await using guest = (
    await startGuest(stage, {
      recipe,
      host: sandbox.source,
      build: recipe.build,
      incoming: 'none',
      folder: own,
      ...(diskPath === undefined ? {} : { diskPath }),
    })
  ).machine;
  const gone = new AbortController();
  void guest.process.exited.then(() =>
    gone.abort(
      new MigbenchError('guest', `The guest's QEMU ended during its boot.${guest.ownWords}`),
    ),
  );
  const alive = AbortSignal.any([signal, gone.signal]);
  const wait = (timeoutMs: number) => ({ timeoutMs, signal: alive });
  await telemetry.beginSession(wait(BOOT_TIMEOUT_MS));
  const bootMs = performance.now() - startedMs;
  const command = recipe.workload.command(recipe.parameters);
  if (command !== undefined) {
    await telemetry.command('start', command, wait(AGENT_TIMEOUT_MS));
    await telemetry.waitForReady(
      wait(scaledTimeoutMs(recipe.workload.readyTimeoutMs, recipe.shape)),
    );
    await telemetry.command('load-start', [], wait(AGENT_TIMEOUT_MS));
  }
  const gate = await telemetry.waitUntilSteady(recipe.workload.gate, alive);
  if (gate.kind !== 'steady') {
    throw new MigbenchError(
      'guest',
      `The workload ${recipe.workload.id} did not reach a steady load: ${gate.reason}. ` +
        `Its console is ${join(own, 'source.console.log')}; a smaller load or a quieter host may help.`,
    );
  }
  const warmUpMs = performance.now() - startedMs - bootMs;
  const heartbeat = await heartbeatChoice({ ...stage, signal: alive }, recipe, guest, factsFolder);
  await guest.qmp.execute('stop');
  const statePath = join(own, 'state');
  await saveState(guest, sandbox.source.socketPath('state'), statePath, signal);
  const { size } = await stat(statePath);
  return {
    key,
    recipe,
    statePath,
    stateBytes: size,
    ...(diskPath === undefined ? {} : { diskPath }),
    heartbeat,
    bootMs,
    warmUpMs,
  };
}

async function makeDisk(path: string, sizeBytes: number): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'w');
  await file.truncate(sizeBytes);
  await file.close();
}
