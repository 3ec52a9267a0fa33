/**
 * A host: where a QEMU runs. Two of them, source and destination, stand on this machine today, as network
 * namespaces or as plain processes; a second real machine would implement the same interface.
 */
import type { LinkShape } from '../plan/types.ts';
import type { Program } from './process.ts';
import type { RunningProcess, StartOptions } from './running.ts';
import type { Stream } from './stream.ts';

export type HostRole = 'source' | 'destination';

/** How a guest on this host reaches the client. */
export type GuestNetwork =
  { readonly kind: 'tap'; readonly interface: string } | { readonly kind: 'user' };

export interface Host {
  readonly role: HostRole;
  /** The host's own address on the migration link. */
  readonly migrationAddress: string;
  readonly guestNetwork: GuestNetwork;
  /** Start a process on this host; it ends with the sandbox at the latest. */
  start(program: Program, args: readonly string[], options?: StartOptions): RunningProcess;
  /** The path of a socket of this name on this host, short enough for a socket address. */
  socketPath(name: string): string;
}

/** Bytes that left each end of the migration link since it was made, headers included. */
export interface LinkCounters {
  /** Without those of competing streams. */
  readonly toDestinationBytes: number;
  readonly toSourceBytes: number;
  /** Of competing streams, towards the destination; absent where there never was one. */
  readonly competingBytes?: number;
}

/** Addresses the guest is booted with. */
export interface GuestAddressing {
  /** With prefix length. */
  readonly address: string;
  readonly gateway: string;
  /** Where the guest finds the telemetry collector. */
  readonly collectorHost: string;
}

/** The two hosts, the link between them and the client's place on the service network. */
export interface Sandbox extends AsyncDisposable {
  readonly mode: 'namespaces' | 'loopback';
  readonly source: Host;
  readonly destination: Host;
  /** Address that the client's own sockets (the telemetry collector) bind to. */
  readonly clientAddress: string;
  readonly guestAddressing: GuestAddressing;
  /** Folder for sockets and other small files of this run, gone with the sandbox. */
  readonly scratch: string;
  /** Start a process beside this one, where the guest's clients are; it ends with the sandbox at the latest. */
  startClient(program: Program, args: readonly string[], options?: StartOptions): RunningProcess;
  /** Shape the migration link anew; does nothing where it already has this shape. */
  shapeLink(link: LinkShape): Promise<void>;
  /**
   * Take the migration link down at both ends, or bring it up again; its shape and its counters stay.
   *
   * @throws MigbenchError `host-unfit` where the mode has no link of its own.
   */
  setLink(state: 'up' | 'down'): Promise<void>;
  /**
   * Start a stream from source to destination over the migration link.
   *
   * @throws MigbenchError `host-unfit` where it does not start, or the mode has no link of its own.
   */
  startStream(bitsPerSecond: number): Promise<Stream>;
  /** `undefined` where the mode has no link of its own. */
  readLinkCounters(): Promise<LinkCounters | undefined>;
}
