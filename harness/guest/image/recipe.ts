/** What goes into a guest image; its hash is the image's key. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkloadDefinition } from '../../../workloads/types.ts';
import type { TreeRequest } from '../../debian/refs.ts';
import { packageRoot } from '../../paths.ts';

/** Raised whenever the image is built differently from the same inputs. */
export const IMAGE_LAYOUT = 2;

/** The Debian suite of every guest. */
export const GUEST_SUITE = 'bookworm';

/** A workload and the folder that its guest files are relative to. */
export interface WorkloadSource {
  readonly definition: WorkloadDefinition;
  readonly folder: string;
}

/** The kernel: the cloud flavour has all of virtio, and a third of the size of the general one. */
export const kernelRequest: TreeRequest = {
  name: 'guest-kernel',
  suite: GUEST_SUITE,
  packages: ['linux-image-cloud-amd64'],
  // The guest has its own initramfs.
  leaveOut: ['kmod', 'linux-base', 'initramfs-tools'],
};

const BASE_PACKAGES = ['base-files', 'coreutils', 'dash', 'libc-bin'] as const;

/** Packages that others depend on for their set-up scripts, man pages or rare features; no guest runs those. */
const LEFT_OUT = [
  ...['adduser', 'debconf', 'debianutils', 'dpkg', 'init-system-helpers', 'logsave', 'lsb-base'],
  ...['locales', 'mawk', 'netbase', 'openssl', 'passwd', 'perl', 'perl-base', 'readline-common'],
  ...['sensible-utils', 'ssl-cert', 'sysvinit-utils', 'tar', 'tzdata', 'ucf', 'usrmerge'],
  // postgresql: its wrappers in Perl, and the compiler for queries (60 MB; TPC-B's are too short for it).
  ...['libllvm14', 'postgresql-client-common', 'postgresql-common'],
];

/** The root file system's packages: the base and what the workloads name. */
export function rootRequest(workloads: readonly WorkloadSource[]): TreeRequest {
  const asked = workloads.flatMap(({ definition }) => definition.guest.packages ?? []);
  const packages = [...new Set([...BASE_PACKAGES, ...asked])].sort();
  const wanted = new Set(packages);
  return {
    name: 'guest-root',
    suite: GUEST_SUITE,
    packages,
    leaveOut: LEFT_OUT.filter((name) => !wanted.has(name)),
  };
}

/** Folder of the sources of the guest's init and agent. */
export const agentFolder = join(packageRoot, 'workloads', 'agent');

export const BOOT_SOURCES = ['boot.c'] as const;
export const AGENT_SOURCES = ['agent.c', 'program.c', 'run.c', 'heartbeat.c'] as const;

/** Files of `folder` that can change what is compiled there: sources and all headers next to them. */
async function compiledFiles(folder: string, sources: readonly string[]): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const headers = names.filter((name) => name.endsWith('.h') && !name.startsWith('node_modules/'));
  return [...new Set([...sources, ...headers])].sort();
}

async function hashFiles(folder: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(join(folder, file));
    hash.update(`${file}\0${content.byteLength}\0`).update(content);
  }
  return hash.digest('hex');
}

/** What of a workload gets into the image. */
async function workloadRecipe({ definition, folder }: WorkloadSource): Promise<unknown> {
  const { programs = [], files = [] } = definition.guest;
  const sources = programs.flatMap((program) => program.sources);
  const compiled = sources.length === 0 ? [] : await compiledFiles(folder, sources);
  const copied = files.map((file) => file.source);
  return {
    programs,
    files,
    content: await hashFiles(folder, [...compiled, ...copied]),
  };
}

/**
 * The key of an image: a hash of the layout, the packages (by their trees' keys), and the content of every source.
 *
 * @throws Node's own error where a file that a workload names cannot be read.
 */
export async function imageKey(
  treeKeys: readonly string[],
  workloads: readonly WorkloadSource[],
): Promise<string> {
  const agent = await hashFiles(
    agentFolder,
    await compiledFiles(agentFolder, [...BOOT_SOURCES, ...AGENT_SOURCES]),
  );
  const sorted = [...workloads].sort((one, two) =>
    one.definition.id < two.definition.id ? -1 : 1,
  );
  const recipes = await Promise.all(sorted.map(workloadRecipe));
  const canonical = JSON.stringify({ layout: IMAGE_LAYOUT, treeKeys, agent, recipes });
  return createHash('sha256').update(canonical).digest('hex').slice(0, 32);
}
