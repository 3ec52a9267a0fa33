/**
 * Templates: a workload is booted and warmed up once, and its state saved; each trial restores it. Identical start
 * states, and no boot in the loop.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { heartbeatChoice, type HeartbeatChoice } from './heartbeat-period.ts';
import { saveState } from './saved-state.ts';
import { recipeKey, type GuestRecipe } from './recipe.ts';
import type { Stage } from './start-guest.ts';
import { bootWarmGuest } from './warm-guest.ts';

export interface Template {
  readonly key: string;
  readonly recipe: GuestRecipe;
  /** File with the saved state. */
  readonly statePath: string;
  readonly stateBytes: number;
  /** The guest's disk as it was when the state was saved; each trial gets a copy. */
  readonly diskPath?: string;
  /** The heartbeat's period where the plan leaves it to migbench; absent where it never does. */
  readonly heartbeat?: HeartbeatChoice;
  /** How long the boot and the warm-up took, ms. */
  readonly bootMs: number;
  readonly warmUpMs: number;
}

/** What is measured of a warm guest before it is saved. */
export interface WantedFacts {
  /** Which period of the heartbeat it bears: takes 3 to 4 s under TCG, so only where a cell leaves the period open. */
  readonly heartbeat: boolean;
  /** Where small measured facts outlive the run; nothing is remembered where absent. */
  readonly folder?: string;
}

/**
 * Boot a guest, start its workload, wait until its load is steady, and save it.
 *
 * @param folder where templates of this run live.
 * @param facts about the guest that are wanted.
 * @throws MigbenchError `guest` where the guest does not boot or its workload does not start, saying what the guest
 *   said last.
 */
export async function createTemplate(
  stage: Stage,
  recipe: GuestRecipe,
  folder: string,
  facts: WantedFacts,
): Promise<Template> {
  const key = recipeKey(recipe);
  const own = join(folder, key);
  const { signal, sandbox } = stage;
  await using warm = await bootWarmGuest(stage, recipe, own);
  const { machine: guest, alive, diskPath, bootMs, warmUpMs } = warm;
  const heartbeat = facts.heartbeat
    ? await heartbeatChoice({ ...stage, signal: alive }, recipe, guest, facts.folder)
    : undefined;
  await guest.qmp.execute('stop');
  const statePath = join(own, 'state');
  await saveState(guest, sandbox.source.socketPath('state'), statePath, recipe.shape, signal);
  const { size } = await stat(statePath);
  return {
    key,
    recipe,
    statePath,
    stateBytes: size,
    ...(diskPath === undefined ? {} : { diskPath }),
    ...(heartbeat === undefined ? {} : { heartbeat }),
    bootMs,
    warmUpMs,
  };
}
