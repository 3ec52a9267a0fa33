/** The one place that knows what Debian calls the machine's architecture, and where its libraries are. */
import { MigbenchError } from '../errors.ts';

/** Names of one architecture in Debian's various spellings. */
export interface Architecture {
  /** dpkg's name: `amd64`. */
  readonly debian: string;
  /** The multiarch folder under usr/lib: `x86_64-linux-gnu`. */
  readonly triplet: string;
  /** The dynamic loader, relative to the root of a tree with a merged usr. */
  readonly loader: string;
  /** The `e_machine` value of its ELF files. */
  readonly elfMachine: number;
}

const architectures: Readonly<Record<string, Architecture>> = {
  x64: {
    debian: 'amd64',
    triplet: 'x86_64-linux-gnu',
    loader: 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
    elfMachine: 62,
  },
};

/**
 * The architecture of this machine.
 *
 * @throws MigbenchError `host-unfit` on a machine other than x86-64.
 */
export function hostArchitecture(machine: string = process.arch): Architecture {
  const architecture = architectures[machine];
  if (architecture !== undefined) return architecture;
  throw new MigbenchError(
    'host-unfit',
    `Debian packages are only known for x64 (amd64) machines, and this one is ${machine}; run migbench on an x86-64 host.`,
  );
}
