/** The kernel command line of a guest: the only settings it gets from outside before its agent talks. */

/** The guest's place in the network, set by its init (workloads/agent/boot.c). */
export interface GuestNetwork {
  /** IPv4 address and prefix length: `10.202.0.10/24`. */
  readonly address: string;
  /** IPv4 address of the default route. */
  readonly gateway: string;
  /** IPv4 address and port of the telemetry socket: `10.202.0.1:7700`. */
  readonly collector: string;
}

/** The network that QEMU's user mode gives a guest; the collector then is a port of the host's loopback. */
export function userModeNetwork(collectorPort: number): GuestNetwork {
  return {
    address: '10.0.2.15/24',
    gateway: '10.0.2.2',
    collector: `10.0.2.2:${collectorPort}`,
  };
}

/**
 * The whole command line. `panic=-1` makes a guest that panics reboot at once: with QEMU's `-no-reboot` the process
 * then ends, instead of hanging. `no_timer_check`: on a busy host under TCG the kernel's boot-time test of the timer
 * can fail, and it then refuses to start.
 */
export function guestCommandLine(network: GuestNetwork): string {
  return [
    'quiet',
    'console=ttyS0',
    'panic=-1',
    'no_timer_check',
    'ipv6.disable=1',
    `migbench.address=${network.address}`,
    `migbench.gateway=${network.gateway}`,
    `migbench.collector=${network.collector}`,
  ].join(' ');
}
