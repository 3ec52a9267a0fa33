/** A guest that was booted, with its workload under steady load: what templates are saved from and cards are made of. */
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import type { Machine } from '../qemu/machine.ts';
import { scaledTimeoutMs } from './timeouts.ts';
import type { GuestRecipe } from './recipe.ts';
import { startGuest, type Stage } from './start-guest.ts';

/** How long a guest may take from power-on to its agent's first word, ms (TCG hosts are slow). */
const BOOT_TIMEOUT_MS = 120_000;
/** Deadline of a short command to the guest agent, ms. */
const AGENT_TIMEOUT_MS = 15_000;

/** Disposing of it ends its QEMU. */
export interface WarmGuest extends AsyncDisposable {
  readonly machine: Machine;
  /** The guest's disk, where it has one. */
  readonly diskPath?: string;
  /** Aborted where its QEMU ends, or the program is interrupted. */
  readonly alive: AbortSignal;
  /** How long the boot and the warm-up took, ms. */
  readonly bootMs: number;
  readonly warmUpMs: number;
}

/**
 * Boot a guest on the source host, start its workload, and wait until its load is steady.
 *
 * @param folder for its disk, its console and QEMU's own messages.
 * @throws MigbenchError `guest` where the guest does not boot or its workload does not start, saying what the guest
 *   said last.
 */
export async function bootWarmGuest(
  stage: Stage,
  recipe: GuestRecipe,
  folder: string,
): Promise<WarmGuest> {
  await mkdir(folder, { recursive: true });
  const disk = recipe.workload.disk?.(recipe.parameters);
  const diskPath = disk === undefined ? undefined : join(folder, 'disk.raw');
  if (diskPath !== undefined && disk !== undefined) await makeDisk(diskPath, disk.sizeBytes);
  const startedMs = performance.now();
  const { machine } = await startGuest(stage, {
    recipe,
    host: stage.sandbox.source,
    build: recipe.build,
    incoming: 'none',
    folder,
    ...(diskPath === undefined ? {} : { diskPath }),
  });
  try {
    const gone = new AbortController();
    void machine.process.exited.then(() =>
      gone.abort(new MigbenchError('guest', `The guest's QEMU ended.${machine.ownWords}`)),
    );
    const alive = AbortSignal.any([stage.signal, gone.signal]);
    const times = await warmUp(stage, recipe, folder, alive, startedMs);
    return {
      machine,
      alive,
      ...times,
      ...(diskPath === undefined ? {} : { diskPath }),
      [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
    };
  } catch (error) {
    await machine[Symbol.asyncDispose]();
    throw error;
  }
}

async function warmUp(
  { telemetry }: Stage,
  recipe: GuestRecipe,
  folder: string,
  signal: AbortSignal,
  startedMs: number,
): Promise<Pick<WarmGuest, 'bootMs' | 'warmUpMs'>> {
  const wait = (timeoutMs: number) => ({ timeoutMs, signal });
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
  const gate = await telemetry.waitUntilSteady(recipe.workload.gate, signal);
  if (gate.kind !== 'steady') {
    throw new MigbenchError(
      'guest',
      `The workload ${recipe.workload.id} did not reach a steady load: ${gate.reason}. ` +
        `Its console is ${join(folder, 'source.console.log')}; a smaller load or a quieter host may help.`,
    );
  }
  return { bootMs, warmUpMs: performance.now() - startedMs - bootMs };
}

async function makeDisk(path: string, sizeBytes: number): Promise<void> {
  await rm(path, { force: true });
  const file = await open(path, 'w');
  await file.truncate(sizeBytes);
  await file.close();
}
