/** The resolved plan: what `load` and `expand` make of the YAML, and what the rest of the program runs. */
import type { ParameterValues } from '../../workloads/types.ts';

/** A rate that may be without a limit; written `unlimited` in every input and output. */
export type Limit = number | 'unlimited';

export interface GuestShape {
  readonly memoryBytes: number;
  readonly vcpus: number;
  /** QEMU machine type or alias; absent = the newest `pc` that both builds know, or `q35`. */
  readonly machine?: string;
  /** QEMU CPU model; absent = chosen for the accelerator. */
  readonly cpu?: string;
  readonly backend: 'ram' | 'memfd' | 'hugepages';
  /** Entries of KVM's dirty ring per vCPU; absent = QEMU's default, a bitmap of the whole memory. KVM only. */
  readonly dirtyRing?: number;
  /** The destination has a disk of its own, filled by a mirror over the migration link; absent = both open the same. */
  readonly storage?: 'mirror';
  /** Debian suite of the guest image, e.g. `debian:trixie`; absent = the default image. */
  readonly image?: string;
}

export interface LinkShape {
  readonly bandwidthBitsPerSecond: Limit;
  readonly delayUs?: number;
  readonly lossPercent?: number;
  readonly competingBitsPerSecond?: number;
}

/**
 * The way of a migration. `tcp` and `tls` cross the migration link; `unix` and `exec` (a pipe between two processes that
 * the QEMUs start) join the two QEMUs beside it; `file` is written by the one and then read by the other.
 */
export type Transport = 'tcp' | 'unix' | 'tls' | 'exec' | 'file';

/** When a post-copy cell switches from pre-copy. */
export type PostcopyStart =
  | { readonly kind: 'now' }
  | { readonly kind: 'passes'; readonly passes: number }
  | { readonly kind: 'time'; readonly timeMs: number };

export interface PostcopyShape {
  readonly startAfter: PostcopyStart;
  /** Cut the link once in post-copy: `true` and recover, `never` and leave it cut. */
  readonly recover: boolean | 'never';
}

/** What a migration over TLS proves itself with. */
export interface TlsShape {
  /** Certificates, or a key that both sides share. */
  readonly credentials: 'x509' | 'psk';
  /** Absolute folder of the user's own credentials; absent = made for the run. Not part of the hash. */
  readonly directory?: string;
  /** With `directory`: hash of the folder's content. */
  readonly digest?: string;
  /** With `directory`: the name that the destination's certificate must have; absent = its address. */
  readonly hostname?: string;
}

export interface Windows {
  readonly baselineMs: number;
  readonly settleMs: number;
  readonly settleLimitMs: number;
}

/** Heartbeat period in µs, or a rule for choosing it. */
export type HeartbeatPeriod = 'auto' | 'off' | number;

/** Processors by the kernel's numbers (`0,2-3`), for each that has its own; the others run anywhere. */
export interface Pinning {
  readonly source?: string;
  readonly destination?: string;
  /** migbench itself, its receivers and its clients. */
  readonly observers?: string;
}

/** A QEMU parameter in QMP's own unit, or `unlimited` where QMP has a number for it. */
export type ParameterValue = number | string | boolean;

/**
 * Everything that can change a measurement, and nothing else (but for `workload.path`): the hash of its canonical form
 * is in the cell id.
 */
export interface CellSpec {
  readonly workload: {
    readonly id: string;
    /** Absolute folder of a user's own workload. Not part of the hash: the same folder may be in another clone. */
    readonly path?: string;
    /** With `path`: hash of the folder's content. */
    readonly digest?: string;
    readonly parameters: ParameterValues;
  };
  readonly guest: GuestShape;
  readonly accelerator: 'auto' | 'kvm' | 'tcg';
  /** Build references: `system`, `path:…`, `debian:…`. */
  readonly qemu: { readonly source: string; readonly destination: string };
  readonly link: LinkShape;
  readonly transport: Transport;
  /** With `transport: tls`, and only then. */
  readonly tls?: TlsShape;
  /** Only what the plan sets; QEMU's own names. */
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** Only what the plan sets; QEMU's own names, QMP's own units. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly postcopy?: PostcopyShape;
  readonly windows: Windows;
  readonly probes: {
    readonly heartbeat: HeartbeatPeriod;
    readonly service: boolean;
    /** All that the plan cannot switch one by one; absent = on. */
    readonly others?: false;
  };
  readonly deadlineMs: number;
  readonly pin?: Pinning;
}

export interface Cell {
  /** `<workload>/<setting>/<link>/<guest>/<qemu>~<8 hex>`. */
  readonly id: string;
  readonly labels: {
    readonly workload: string;
    readonly setting: string;
    readonly link: string;
    readonly guest: string;
    readonly qemu: string;
  };
  readonly spec: CellSpec;
  /** The outcome the plan insists on; anything else is exit code 4. */
  readonly expect?: 'completed' | 'not-converged' | 'failed';
}

export interface ResolvedPlan {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly cells: readonly Cell[];
  readonly repetitions: number;
  readonly seed: number;
  readonly thresholds: readonly string[];
}

/** One migration to do: a cell at a place in the order. */
export interface PlannedTrial {
  /** Unique and stable for a plan: `<block>-<position>-<8 hex of the cell>`, zero-padded so that names sort. */
  readonly id: string;
  readonly cell: Cell;
  /** From 0: the randomised, interleaved group. Every block holds each cell once. */
  readonly block: number;
  /** From 0: place in the whole order. */
  readonly position: number;
  /** From 1: which repetition of its cell. */
  readonly repetition: number;
}
