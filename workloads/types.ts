/**
 * What a workload is: a program that runs inside the guest, its parameters, and how to tell that it works.
 *
 * A workload folder holds `workload.ts` (built-in) or `workload.js` (a user's own), which exports
 * `workload: WorkloadDefinition`, and the guest-side sources it names. Nothing here touches the host.
 *
 * The guest-side program is one long-lived process started by the guest agent. It speaks lines of text:
 *
 * | agent → program (stdin) | meaning |
 * |---|---|
 * | `start` | begin the load |
 * | `stop`  | end the load; answer `stopped` when it has ended |
 * | `verify` | check all data; answer `intact TEXT` or `damaged TEXT` |
 *
 * | program → agent (stdout) | meaning |
 * |---|---|
 * | `ready` | set-up is done, waiting for `start` |
 * | `progress N` | total units of work done so far (an unsigned integer), at least 10 times a second |
 * | `stopped`, `intact TEXT`, `damaged TEXT` | answers |
 * | `error TEXT` | the workload cannot go on; TEXT says why |
 */

/** One parameter of a workload, as a person writes it in a plan. */
export interface ParameterDefinition {
  /** The dimension: decides which units are accepted and what number the program is given. */
  readonly kind:
    | 'bytes'
    | 'bytes-per-second'
    | 'duration-ms'
    | 'percent'
    | 'per-second'
    | 'count'
    | 'choice'
    | 'boolean';
  readonly description: string;
  /** In the kind's base unit (bytes, bytes/s, ms, %, 1/s); `'unlimited'` only where `unlimited` is allowed. */
  readonly default: number | string | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  /** For `choice`. */
  readonly choices?: readonly string[];
  /** Whether the word `unlimited` may be written. */
  readonly unlimited?: boolean;
}

/** Values of all parameters of a workload, in base units. */
export type ParameterValues = Readonly<Record<string, number | string | boolean>>;

/** A file that the guest image gets from the workload's folder. */
export interface GuestFile {
  /** Path relative to the workload's folder. */
  readonly source: string;
  /** Absolute path in the guest. */
  readonly target: string;
  readonly executable?: boolean;
}

/** A C program compiled (static, -O2, pthread, libm) when the guest image is built. */
export interface GuestProgram {
  /** Source files relative to the workload's folder. */
  readonly sources: readonly string[];
  /** Absolute path of the binary in the guest. */
  readonly target: string;
}

/** A service that the program in the guest offers to clients outside, on the guest's own address. */
export type ServiceDefinition =
  | {
      /** A line is sent, a line comes back. */
      readonly protocol: 'line';
      readonly port: number;
      /** What is sent, without its line feed; `{n}` becomes a number from 1 to 100 000, another one each time. */
      readonly request: string;
    }
  | {
      /** PostgreSQL, without a password. */
      readonly protocol: 'postgresql';
      readonly port: number;
      readonly user: string;
      readonly database: string;
      /** One small transaction; `{n}` as above. */
      readonly statement: string;
    };

export interface WorkloadDefinition {
  /** Kebab-case name, unique among the workloads of a plan. */
  readonly id: string;
  /** One line for lists. */
  readonly title: string;
  /** A paragraph for `migbench workloads ID`: what it does, and what it is a model of. */
  readonly description: string;
  readonly parameters: Readonly<Record<string, ParameterDefinition>>;
  /** Plural name of the unit of progress ("pages", "transactions"); progress is reported in it per second. */
  readonly progressUnit: string;
  /**
   * `open`: the load keeps a schedule and catches up after a stall. `closed`: the next step waits for the last.
   * `none`: there is no load. May depend on the parameters.
   */
  readonly loop: (parameters: ParameterValues) => 'open' | 'closed' | 'none';
  /** What the guest image must hold beyond the base system. */
  readonly guest: {
    /** Debian packages (of the image's suite) whose files the root file system needs. */
    readonly packages?: readonly string[];
    readonly programs?: readonly GuestProgram[];
    readonly files?: readonly GuestFile[];
  };
  /** Command line of the guest-side program; `undefined` where the workload is the booted guest alone. */
  readonly command: (parameters: ParameterValues) => readonly string[] | undefined;
  /** Guest memory below which the workload cannot run with these parameters, in bytes. */
  readonly minimumGuestMemoryBytes: (parameters: ParameterValues) => number;
  /** How long the program may take from its start to `ready`, in ms (generous: TCG hosts are slow). */
  readonly readyTimeoutMs: number;
  /** The load gate: when progress counts as steady. Absent where there is no load. */
  readonly gate?: {
    /** Length of the two adjacent windows whose rates are compared, in ms. */
    readonly windowMs: number;
    /** The rates of the two windows may differ by this fraction of the larger. */
    readonly tolerance: number;
    /** How long the gate waits before the trial is `invalid`, in ms. */
    readonly timeoutMs: number;
  };
  /** Whether the program answers `verify`; where false, integrity is `unchecked`. */
  readonly verifies: boolean;
  /** How long `verify` may take, in ms. */
  readonly verifyTimeoutMs?: number;
  /** A disk image the guest needs, created by the harness and opened by both sides; absent = none. */
  readonly disk?: (parameters: ParameterValues) => { readonly sizeBytes: number } | undefined;
  /**
   * What a client outside the guest asks for, at a fixed rate, to see the migration as a customer would; ready when the
   * program is. Absent where the workload offers no service.
   */
  readonly service?: ServiceDefinition;
}
