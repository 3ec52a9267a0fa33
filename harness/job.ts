/** What the outer process hands to the measuring process inside the sandbox: plain data, one JSON line. */
import type { PlannedTrial, ResolvedPlan } from './plan/types.ts';
import type { QemuBuild } from './qemu/builds/index.ts';
import type { Program } from './sandbox/process.ts';
import type { SandboxKind } from './sandbox/enter.ts';

export interface GuestImageFiles {
  /** Content address. */
  readonly key: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
  readonly suite: string;
  readonly kernelVersion: string;
}

export interface Job {
  readonly runDirectory: string;
  readonly plan: ResolvedPlan;
  /** Only those that have to be run, in their order. */
  readonly trials: readonly PlannedTrial[];
  /** By build reference, as in the plan. */
  readonly builds: Readonly<Record<string, QemuBuild>>;
  readonly image: GuestImageFiles;
  readonly kind: SandboxKind;
  /** Where the sandbox's scratch file system goes. */
  readonly scratch: string;
  readonly tools: { readonly ip: Program; readonly tc: Program } | undefined;
  /** The program that receives heartbeats, compiled for this host. */
  readonly receiver: string;
  readonly cacheDirectory: string;
  /** Leave the saved guests of failed cells where they are. */
  readonly keepFailed: boolean;
  /** End the campaign before a trial that would begin after this time, ms from its start. */
  readonly timeLimitMs?: number;
  readonly output: OutputOptions;
}

/** How the program speaks on standard error. */
export interface OutputOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
}
