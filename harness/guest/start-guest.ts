/** Starting a guest's QEMU on one of the two hosts: the one place where a recipe becomes a command line. */
import { join } from 'node:path';
import { commandLine } from '../qemu/command-line.ts';
import { Machine, type LaunchedMachine } from '../qemu/machine.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import { Transcript } from '../qmp/index.ts';
import type { Host, Sandbox } from '../sandbox/host.ts';
import { pinned } from '../sandbox/pinned.ts';
import type { GuestRecipe } from './recipe.ts';
import type { Telemetry } from './telemetry.ts';

/** What guests of a run have in common. */
export interface Stage {
  readonly sandbox: Sandbox;
  readonly telemetry: Telemetry;
  readonly image: { readonly kernel: string; readonly initrd: string; readonly root: string };
  /** UDP port of the telemetry collector. */
  readonly collectorPort: number;
  /** The program that receives heartbeats. */
  readonly receiver: string;
  readonly signal: AbortSignal;
}

export interface GuestStart {
  readonly recipe: GuestRecipe;
  readonly host: Host;
  /** Differs from the recipe's on the destination of a version pair. */
  readonly build: QemuBuild;
  readonly incoming: 'defer' | 'none';
  /** Folder for the console and QEMU's own messages. */
  readonly folder: string;
  readonly diskPath?: string;
  /** File that is the guest's memory, the same on both sides. */
  readonly sharedMemoryPath?: string;
  /** Out-of-band commands, where QEMU offers them; none where absent. */
  readonly oob?: boolean;
  /** As in `CommandLine`. */
  readonly shareAllMemory?: boolean;
  readonly handOverPath?: string;
  /** Processors that this QEMU is kept to, as `0,2-3`; anywhere where absent. */
  readonly processors?: string;
}

export interface StartedGuest {
  readonly machine: Machine;
  readonly transcript: Transcript;
}

/** Arguments of the emulator for a guest, as `plan --commands` prints them too. */
export function guestArguments(
  stage: Omit<Stage, 'telemetry' | 'signal' | 'receiver'>,
  start: GuestStart,
) {
  const { recipe, host, build } = start;
  return commandLine({
    name: `migbench-${host.role}`,
    firmwareArgs: build.firmwareArgs,
    accelerator: recipe.accelerator,
    machineType: recipe.machineType,
    cpu: recipe.cpu,
    guest: recipe.shape,
    image: stage.image,
    addressing: stage.sandbox.guestAddressing,
    collectorPort: stage.collectorPort,
    network: host.guestNetwork,
    ...(start.diskPath === undefined ? {} : { diskPath: start.diskPath }),
    ...(start.sharedMemoryPath === undefined ? {} : { sharedMemoryPath: start.sharedMemoryPath }),
    ...(start.shareAllMemory === undefined ? {} : { shareAllMemory: start.shareAllMemory }),
    ...(start.handOverPath === undefined ? {} : { handOverPath: start.handOverPath }),
    qmpPath: host.socketPath('qmp'),
    consolePath: join(start.folder, `${host.role}.console.log`),
    incoming: start.incoming,
  });
}

/** A guest's QEMU that was started and not spoken to yet. */
export interface LaunchedGuest {
  readonly machine: LaunchedMachine;
  readonly transcript: Transcript;
  /** To be called once. @throws MigbenchError as `Machine.start` does. */
  connect(): Promise<StartedGuest>;
}

/** Start a guest's QEMU without waiting for its QMP. */
export function launchGuest(stage: Stage, start: GuestStart): LaunchedGuest {
  const { host, build } = start;
  const transcript = new Transcript();
  const machine = Machine.launch({
    host,
    program: pinned(build.program, start.processors),
    args: guestArguments(stage, start),
    qmpPath: host.socketPath('qmp'),
    label: host.role,
    stderrPath: join(start.folder, `${host.role}.stderr.log`),
    signal: stage.signal,
    transcript,
    ...(start.oob === undefined ? {} : { oob: start.oob }),
  });
  return {
    machine,
    transcript,
    connect: async () => ({ machine: await machine.connect(), transcript }),
  };
}

/** @throws MigbenchError as `Machine.start` does. */
export function startGuest(stage: Stage, start: GuestStart): Promise<StartedGuest> {
  return launchGuest(stage, start).connect();
}
