/** What the outer process hands to the measuring process inside the sandbox: plain data, one JSON line. */
import type { Subject } from './characterize/measure/subjects.ts';
import type { Cell, PlannedTrial, ResolvedPlan } from './plan/types.ts';
import type { QemuBuild } from './qemu/builds/index.ts';
import type { SandboxKind } from './sandbox/enter.ts';
import type { NamespaceTools } from './sandbox/namespaces.ts';

export interface GuestImageFiles {
  /** Content address. */
  readonly key: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
  readonly suite: string;
  readonly kernelVersion: string;
}

/** What every job needs to have guests in the sandbox. */
export interface SandboxJob {
  /** By build reference, as in the plan. */
  readonly builds: Readonly<Record<string, QemuBuild>>;
  /** Why a build of the plan is none, by its reference: its cells fail, the others are run. */
  readonly brokenBuilds: Readonly<Record<string, string>>;
  readonly image: GuestImageFiles;
  readonly kind: SandboxKind;
  /** Where the sandbox's scratch file system goes. */
  readonly scratch: string;
  readonly tools: NamespaceTools | undefined;
  /** The program that receives heartbeats, compiled for this host. */
  readonly receiver: string;
  readonly cacheDirectory: string;
  readonly output: OutputOptions;
}

/** Migrate: the trials of a run. */
export interface Job extends SandboxJob {
  readonly runDirectory: string;
  readonly plan: ResolvedPlan;
  /** Only those that have to be run, in their order. */
  readonly trials: readonly PlannedTrial[];
  /** Leave the saved guests of failed cells where they are. */
  readonly keepFailed: boolean;
  /** Those whose templates are made: of `trials`, and of the blocks that `untilPrecision` may add. */
  readonly cells: readonly Cell[];
  /** The build (a reference) that boots and saves the guests of all cells; absent = each cell's source does. */
  readonly bootedBy?: string;
  /** Add blocks until the run is this precise. */
  readonly untilPrecision?: {
    readonly fraction: number;
    readonly base?: string;
    readonly only?: string;
    /** Ids of trials that were run before. */
    readonly finished: readonly string[];
  };
  /** End the campaign before a trial that would begin after this time, ms from its start. */
  readonly timeLimitMs?: number;
}

/** Characterize: measure guests without migrating them. */
export interface CharacterizeJob extends SandboxJob {
  readonly subjects: readonly { readonly subject: Subject; readonly folder: string }[];
  readonly windowsMs: readonly number[];
  /** The program that reads a guest's memory, compiled for this host. */
  readonly reader: string;
  /** This host, in words. */
  readonly host: string;
  readonly logPath: string;
}

/** How the program speaks on standard error. */
export interface OutputOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
}
