/** The QMP commands that a migration harness sends: names, arguments, results. In QMP's own names and units. */
import type { JsonObject } from './framing.ts';
import type { MigrationInfo } from './migration-info.ts';
import type { SchemaInfo } from './schema-info.ts';

/** A command: what it takes (`undefined`: nothing) and what it gives. */
interface Command<Arguments, Result> {
  readonly arguments: Arguments;
  readonly result: Result;
}

/** The result of a command that only succeeds or fails: `{}`. */
export type EmptyResult = Readonly<Record<string, never>>;

export interface VersionInfo {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
  /** The vendor's own string; empty where the build has none. */
  readonly package: string;
}

/** `status`: `running`, `paused`, `inmigrate`, `postmigrate`, `finish-migrate`, `prelaunch`, … */
export interface StatusInfo {
  readonly running: boolean;
  readonly status: string;
}

export interface CapabilityState {
  readonly capability: string;
  readonly state: boolean;
}

/** A migration parameter as QMP carries it: `null` for "unset", lists for the few that are not scalar. */
export type QmpParameterValue = number | string | boolean | null | readonly unknown[];

export interface MigrateArguments {
  /** `tcp:…`, `unix:…`, `exec:…`, `fd:…`, `file:…` (10.0 and newer). */
  readonly uri?: string;
  /** Typed addresses, instead of a URI (10.0 and newer). */
  readonly channels?: readonly JsonObject[];
  readonly detach?: boolean;
  /** Resume a post-copy migration that is paused. */
  readonly resume?: boolean;
}

export interface MigrateIncomingArguments {
  readonly uri?: string;
  readonly channels?: readonly JsonObject[];
  /** Whether QEMU exits where the migration fails: true unless told otherwise (10.0 and newer). */
  readonly 'exit-on-error'?: boolean;
}

export interface MachineInfo {
  readonly name: string;
  readonly alias?: string;
  readonly 'is-default'?: boolean;
  readonly 'cpu-max': number;
  readonly deprecated?: boolean;
  readonly 'default-ram-id'?: string;
  readonly [field: string]: unknown;
}

export interface CpuInfoFast {
  readonly 'cpu-index': number;
  readonly 'qom-path': string;
  /** The host's id of the vCPU's thread. */
  readonly 'thread-id': number;
  readonly [field: string]: unknown;
}

export interface IoThreadInfo {
  readonly id: string;
  readonly 'thread-id': number;
  readonly [field: string]: unknown;
}

export interface CalcDirtyRateArguments {
  /** In seconds, or in `calc-time-unit`. */
  readonly 'calc-time': number;
  /** 10.0 and newer. */
  readonly 'calc-time-unit'?: 'second' | 'millisecond';
  /** Pages per GiB; page-sampling only. */
  readonly 'sample-pages'?: number;
  /** 7.2 and newer. */
  readonly mode?: 'page-sampling' | 'dirty-ring' | 'dirty-bitmap';
}

export interface DirtyRateInfo {
  /** MiB/s; absent until `measured`. */
  readonly 'dirty-rate'?: number;
  readonly status: 'unstarted' | 'measuring' | 'measured';
  readonly 'start-time': number;
  readonly 'calc-time': number;
  readonly 'sample-pages'?: number;
  readonly mode?: string;
  readonly 'vcpu-dirty-rate'?: readonly { readonly id: number; readonly 'dirty-rate': number }[];
  readonly [field: string]: unknown;
}

/** Every command that the client knows by type. Others go through `executeUntyped`. */
export interface Commands {
  qmp_capabilities: Command<{ readonly enable?: readonly string[] } | undefined, EmptyResult>;
  'query-version': Command<undefined, VersionInfo>;
  'query-status': Command<undefined, StatusInfo>;
  'query-qmp-schema': Command<undefined, readonly SchemaInfo[]>;
  'query-commands': Command<undefined, readonly { readonly name: string }[]>;
  'query-kvm': Command<undefined, { readonly enabled: boolean; readonly present: boolean }>;
  'query-machines': Command<undefined, readonly MachineInfo[]>;
  'query-cpu-definitions': Command<undefined, readonly ({ readonly name: string } & JsonObject)[]>;
  'query-cpus-fast': Command<undefined, readonly CpuInfoFast[]>;
  'query-iothreads': Command<undefined, readonly IoThreadInfo[]>;
  'query-block': Command<undefined, readonly JsonObject[]>;
  'query-named-block-nodes': Command<
    { readonly flat?: boolean } | undefined,
    readonly JsonObject[]
  >;

  'qom-list-properties': Command<
    { readonly typename: string },
    readonly ({ readonly name: string } & JsonObject)[]
  >;

  'query-migrate': Command<undefined, MigrationInfo>;
  'query-migrate-capabilities': Command<undefined, readonly CapabilityState[]>;
  'migrate-set-capabilities': Command<
    { readonly capabilities: readonly CapabilityState[] },
    EmptyResult
  >;
  'query-migrate-parameters': Command<undefined, Readonly<Record<string, QmpParameterValue>>>;
  'migrate-set-parameters': Command<Readonly<Record<string, QmpParameterValue>>, EmptyResult>;
  migrate: Command<MigrateArguments, EmptyResult>;
  'migrate-incoming': Command<MigrateIncomingArguments, EmptyResult>;
  'migrate-start-postcopy': Command<undefined, EmptyResult>;
  'migrate-continue': Command<{ readonly state: string }, EmptyResult>;
  /** Needs `oob` where the main loop is busy. */
  'migrate-pause': Command<undefined, EmptyResult>;
  /** Needs `oob` where the main loop is busy. */
  'migrate-recover': Command<{ readonly uri: string }, EmptyResult>;
  /** Never in `postcopy-active` or `postcopy-paused`: it destroys the guest. */
  migrate_cancel: Command<undefined, EmptyResult>;

  cont: Command<undefined, EmptyResult>;
  stop: Command<undefined, EmptyResult>;
  quit: Command<undefined, EmptyResult>;
  system_reset: Command<undefined, EmptyResult>;

  'object-add': Command<
    { readonly 'qom-type': string; readonly id: string } & JsonObject,
    EmptyResult
  >;
  'object-del': Command<{ readonly id: string }, EmptyResult>;
  'blockdev-add': Command<{ readonly driver: string } & JsonObject, EmptyResult>;
  'blockdev-del': Command<{ readonly 'node-name': string }, EmptyResult>;
  'blockdev-mirror': Command<JsonObject, EmptyResult>;
  'block-job-cancel': Command<{ readonly device: string; readonly force?: boolean }, EmptyResult>;
  'query-block-jobs': Command<undefined, readonly JsonObject[]>;
  'nbd-server-start': Command<{ readonly addr: JsonObject } & JsonObject, EmptyResult>;
  'nbd-server-add': Command<{ readonly device: string } & JsonObject, EmptyResult>;
  'nbd-server-stop': Command<undefined, EmptyResult>;
  'block-export-add': Command<JsonObject, EmptyResult>;

  'calc-dirty-rate': Command<CalcDirtyRateArguments, EmptyResult>;
  'query-dirty-rate': Command<undefined, DirtyRateInfo>;
  /** Gives the monitor's text; for people and for what QMP lacks. */
  'human-monitor-command': Command<
    { readonly 'command-line': string; readonly 'cpu-index'?: number },
    string
  >;
}

export type CommandName = keyof Commands;
export type CommandArguments<Name extends CommandName> = Commands[Name]['arguments'];
export type CommandResult<Name extends CommandName> = Commands[Name]['result'];
