/**
 * The sandbox made of namespaces: this process already lives in the client's network namespace (see `enter.ts`);
 * here the two hosts, the migration link and the service network are put beside it.
 *
 *     client: 10.202.0.1 on the service bridge `svc`
 *        ├── svc-src ── up0 (source:      bridge `br0` 10.202.0.2, tap0)
 *        └── svc-dst ── up0 (destination: bridge `br0` 10.202.0.3, tap0)
 *     source mig0 10.201.0.1 ═══ mig0 10.201.0.2 destination      the migration link, shaped at both ends
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import type { LinkShape } from '../plan/types.ts';
import type { GuestNetwork, Host, HostRole, LinkCounters, Sandbox } from './host.ts';
import { shapeCommands } from './link.ts';
import { LinkMeter, readBoth } from './link-meter.ts';
import { hostProgram, run, type Program } from './process.ts';
import { RunningProcess, type StartOptions } from './running.ts';
import { FRAME_BYTES, Stream } from './stream.ts';

/** Deadline of one administrative command (ip, tc, mount), ms. */
const COMMAND_TIMEOUT_MS = 10_000;
const CLIENT_ADDRESS = '10.202.0.1';
/** Device of the migration link in both hosts. */
const LINK_DEVICE = 'mig0';

const roles: readonly HostRole[] = ['source', 'destination'];

const addresses: Record<HostRole, { migration: string; service: string; uplink: string }> = {
  source: { migration: '10.201.0.1', service: '10.202.0.2', uplink: 'svc-src' },
  destination: { migration: '10.201.0.2', service: '10.202.0.3', uplink: 'svc-dst' },
};

export interface NamespaceTools {
  readonly ip: Program;
  readonly tc: Program;
  /** Sends and receives competing streams; absent where no plan asked for one. */
  readonly stream?: Program;
}

class NamespaceSandbox implements Sandbox {
  readonly mode = 'namespaces';
  readonly source: Host;
  readonly destination: Host;
  readonly clientAddress = CLIENT_ADDRESS;
  readonly guestAddressing: Sandbox['guestAddressing'];
  readonly scratch: string;
  readonly #tools: NamespaceTools;
  readonly #processes = new Set<RunningProcess>();
  /** What the link is shaped to; `undefined` before the first shape and after one that failed. */
  #shape: string | undefined;
  /** Ends that have a queue of ours. */
  readonly #shaped = new Set<HostRole>();
  #meters: Readonly<Record<HostRole, LinkMeter>> | undefined;
  /** Datagrams that had arrived at the destination before the first stream; `undefined` where there was none. */
  #datagramsBefore: number | undefined;

  constructor(scratch: string, tools: NamespaceTools, network: 'tap' | 'user') {
    this.scratch = scratch;
    this.#tools = tools;
    this.source = this.#host('source', network);
    this.destination = this.#host('destination', network);
    this.guestAddressing =
      network === 'tap'
        ? { address: '10.202.0.10/24', gateway: CLIENT_ADDRESS, collectorHost: CLIENT_ADDRESS }
        : { address: '10.0.2.15/24', gateway: '10.0.2.2', collectorHost: CLIENT_ADDRESS };
  }

  #host(role: HostRole, network: 'tap' | 'user'): Host {
    const guestNetwork: GuestNetwork =
      network === 'tap' ? { kind: 'tap', interface: 'tap0' } : { kind: 'user' };
    return {
      role,
      migrationAddress: addresses[role].migration,
      guestNetwork,
      socketPath: (name) => join(this.scratch, `${role}-${name}`),
      start: (program, args, options) => {
        return this.startClient(this.#inside(role, program), args, options);
      },
    };
  }

  startClient(program: Program, args: readonly string[], options?: StartOptions): RunningProcess {
    const process = RunningProcess.start(program, args, options);
    this.#processes.add(process);
    void process.exited.then(() => this.#processes.delete(process));
    return process;
  }

  #inside(role: HostRole, program: Program): Program {
    return {
      file: 'nsenter',
      args: [`--net=${namespacePath(this.scratch, role)}`, program.file, ...program.args],
      ...(program.env === undefined ? {} : { env: program.env }),
    };
  }

  /** Make the two hosts and both networks. */
  async build(network: 'tap' | 'user'): Promise<void> {
    mkdirSync(join(this.scratch, 'net'), { recursive: true });
    await Promise.all(
      roles.map(async (role) => {
        const path = namespacePath(this.scratch, role);
        writeFileSync(path, '');
        await administer(hostProgram('unshare'), [`--net=${path}`, 'true']);
        await administer(this.#inside(role, hostProgram('sh')), ['-c', QUIET_IPV6]);
      }),
    );
    await administer(hostProgram('sh'), ['-c', QUIET_IPV6]);
    await this.#batch(undefined, [
      'link set dev lo up',
      'link add name svc type bridge forward_delay 0',
      `address add ${CLIENT_ADDRESS}/24 dev svc`,
      'link set dev svc up',
      'link add name mig-src type veth peer name mig-dst',
      `link set dev mig-src netns ${namespacePath(this.scratch, 'source')} name ${LINK_DEVICE}`,
      `link set dev mig-dst netns ${namespacePath(this.scratch, 'destination')} name ${LINK_DEVICE}`,
      ...roles.flatMap((role) => [
        `link add name ${addresses[role].uplink} type veth peer name peer0`,
        `link set dev ${addresses[role].uplink} master svc up`,
        `link set dev peer0 netns ${namespacePath(this.scratch, role)} name up0`,
      ]),
    ]);
    await Promise.all(
      roles.map((role) =>
        this.#batch(role, [
          'link set dev lo up',
          `address add ${addresses[role].migration}/30 dev ${LINK_DEVICE}`,
          `link set dev ${LINK_DEVICE} up`,
          'link add name br0 type bridge forward_delay 0',
          `address add ${addresses[role].service}/24 dev br0`,
          'link set dev up0 master br0 up',
          'link set dev br0 up',
          ...(network === 'tap'
            ? ['tuntap add dev tap0 mode tap', 'link set dev tap0 master br0 up']
            : []),
        ]),
      ),
    );
  }

  async #batch(role: HostRole | undefined, commands: readonly string[]): Promise<void> {
    const ip = role === undefined ? this.#tools.ip : this.#inside(role, this.#tools.ip);
    await administer(ip, ['-batch', '-'], `${commands.join('\n')}\n`);
  }

  async shapeLink(link: LinkShape): Promise<void> {
    const shape = JSON.stringify([link.bandwidthBitsPerSecond, link.delayUs, link.lossPercent]);
    if (shape === this.#shape) return;
    // Where the new shape fails, the next one must not rely on it.
    this.#shape = undefined;
    await Promise.all(
      roles.map(async (role) => {
        const tc = this.#inside(role, this.#tools.tc);
        if (this.#shaped.has(role)) {
          await administer(tc, ['qdisc', 'del', 'dev', LINK_DEVICE, 'root']);
        }
        this.#shaped.delete(role);
        for (const command of shapeCommands(LINK_DEVICE, link)) {
          await administer(tc, command);
          this.#shaped.add(role);
        }
      }),
    );
    this.#shape = shape;
  }

  async setLink(state: 'up' | 'down'): Promise<void> {
    await Promise.all(
      roles.map((role) => this.#batch(role, [`link set dev ${LINK_DEVICE} ${state}`])),
    );
  }

  async readLinkCounters(): Promise<LinkCounters> {
    this.#meters ??= { source: this.#meter('source'), destination: this.#meter('destination') };
    const { source, destination } = this.#meters;
    try {
      const counters = await readBoth(source, destination);
      if (this.#datagramsBefore === undefined) return counters;
      const datagrams = destination.arrivedDatagrams() - this.#datagramsBefore;
      const competingBytes = datagrams * FRAME_BYTES;
      const toDestinationBytes = counters.toDestinationBytes - competingBytes;
      return { ...counters, toDestinationBytes, competingBytes };
    } catch (error) {
      // The next reading begins with new ones.
      this.#meters = undefined;
      await Promise.all([source[Symbol.asyncDispose](), destination[Symbol.asyncDispose]()]);
      throw error;
    }
  }

  async startStream(bitsPerSecond: number): Promise<Stream> {
    const { stream } = this.#tools;
    if (stream === undefined) {
      throw new MigbenchError('internal', 'A stream was not asked for when the sandbox was made.');
    }
    if (this.#datagramsBefore === undefined) {
      await this.readLinkCounters();
      this.#datagramsBefore = this.#meters?.destination.arrivedDatagrams();
    }
    return Stream.start(stream, this, bitsPerSecond);
  }

  #meter(role: HostRole): LinkMeter {
    const args = ['-s', '-j', '-batch', '-'];
    return new LinkMeter(this[role].start(this.#tools.tc, args, { pipes: true }), LINK_DEVICE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process[Symbol.asyncDispose]()));
  }
}

/** No router solicitations or duplicate-address detection between the measurements. */
const QUIET_IPV6 =
  'for scope in all default; do f=/proc/sys/net/ipv6/conf/$scope/disable_ipv6; ' +
  '[ ! -w "$f" ] || echo 1 > "$f"; done';

function namespacePath(scratch: string, role: HostRole): string {
  return join(scratch, 'net', role);
}

function administer(program: Program, args: readonly string[], input?: string) {
  return run(program, args, {
    timeoutMs: COMMAND_TIMEOUT_MS,
    errorCode: 'host-unfit',
    purpose: 'set up the sandbox',
    ...(input === undefined ? {} : { input }),
  });
}

/**
 * Build the two hosts beside this process, which must have been started by `enter.ts`.
 *
 * @param scratch an empty folder on a file system of the sandbox's own.
 * @throws MigbenchError `host-unfit` with the words of the command that the kernel refused.
 */
export async function createNamespaceSandbox(
  scratch: string,
  tools: NamespaceTools,
  network: 'tap' | 'user',
): Promise<Sandbox> {
  const sandbox = new NamespaceSandbox(scratch, tools, network);
  try {
    await sandbox.build(network);
    return sandbox;
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error instanceof MigbenchError
      ? error
      : new MigbenchError('host-unfit', 'Could not set up the sandbox.', { cause: error });
  }
}
