/**
 * `migbench plan --commands`: the QEMU command lines of both sides of each cell. Builds that are in the cache are
 * named by their files; nothing is fetched. What only a run knows stands in angle brackets.
 */
import { shellQuoted } from '../sandbox/shell-quote.ts';
import { guestArguments, type Stage } from '../guest/start-guest.ts';
import { defaultCpu } from '../qemu/accelerator.ts';
import {
  EMBEDDED_BUILD,
  listBuilds,
  parseBuildReference,
  resolveBuild,
  type QemuBuild,
} from '../qemu/builds/index.ts';
import { COLLECTOR_PORT } from '../qemu/command-line.ts';
import { defaultMachine } from '../qemu/machine-type.ts';
import type { Cell } from '../plan/types.ts';
import type { Host, HostRole } from '../sandbox/host.ts';
import { createLoopbackSandbox } from '../sandbox/loopback.ts';
import type { WorkloadDefinition } from '../../workloads/types.ts';

/** Cells whose QEMUs are started alike: what else tells them apart is set over QMP. */
export interface CommandGroup {
  readonly cells: readonly string[];
  readonly source: readonly string[];
  readonly destination: readonly string[];
}

/** What stands for a build that is not here yet. */
function missingBuild(reference: string): QemuBuild {
  const binary = `<${reference}>/qemu-system-x86_64`;
  return {
    ...{ reference, resolvedReference: reference, binary, firmwareArgs: [] },
    ...{ version: 'unknown', package: '', machineType: 'pc', sha256: '' },
    program: { file: binary, args: [] },
  };
}

/**
 * The builds of these cells, by reference, as far as they can be had without a download.
 *
 * @throws MigbenchError `usage` where the file of a `path:` build is not a QEMU.
 */
export async function knownBuilds(cells: readonly Cell[]): Promise<Map<string, QemuBuild>> {
  const here = new Set((await listBuilds()).map(({ reference }) => reference));
  if (here.has(EMBEDDED_BUILD)) here.add('system');
  const references = new Set(
    cells.flatMap(({ spec }) => [spec.qemu.source, spec.qemu.destination]),
  );
  const builds = new Map<string, QemuBuild>();
  for (const reference of references) {
    const { kind } = parseBuildReference(reference);
    const build =
      kind === 'path' || here.has(reference)
        ? await resolveBuild(reference)
        : missingBuild(reference);
    builds.set(reference, build);
  }
  return builds;
}

const placeholderStage: Omit<Stage, 'telemetry' | 'signal' | 'receiver'> = {
  sandbox: {
    ...createLoopbackSandbox('<scratch>'),
    guestAddressing: {
      address: '<guest address>/24',
      gateway: '<client address>',
      collectorHost: '<client address>',
    },
  },
  image: { kernel: '<image>/vmlinuz', initrd: '<image>/initrd', root: '<image>/root.squashfs' },
  collectorPort: COLLECTOR_PORT,
};

function placeholderHost(role: HostRole): Host {
  return {
    ...placeholderStage.sandbox[role],
    guestNetwork: { kind: 'tap', interface: 'tap0' },
    // Joined by hand: nothing of this is a path of this machine.
    socketPath: (name) => `<scratch>/${role}-${name}`,
  };
}

function commandOf(
  role: HostRole,
  cell: Cell,
  { build, other }: { readonly build: QemuBuild; readonly other: QemuBuild },
  workload: WorkloadDefinition,
): string[] {
  const { spec } = cell;
  const accelerator = spec.accelerator === 'kvm' ? 'kvm' : 'tcg';
  const args = guestArguments(placeholderStage, {
    recipe: {
      ...{ build, accelerator, workload, imageKey: '' },
      machineType: spec.guest.machine ?? defaultMachine([build, other]),
      cpu: spec.guest.cpu ?? defaultCpu(accelerator),
      shape: spec.guest,
      parameters: spec.workload.parameters,
    },
    host: placeholderHost(role),
    build,
    incoming: 'defer',
    folder: '<trial>',
    ...(workload.disk?.(spec.workload.parameters) === undefined
      ? {}
      : { diskPath: '<trial>/disk.raw' }),
  });
  const environment = Object.entries(build.program.env ?? {}).map(
    ([name, value]) => `${name}=${value}`,
  );
  return [
    ...(environment.length === 0 ? [] : ['env', ...environment]),
    ...[build.program.file, ...build.program.args, ...args],
  ];
}

/** The command lines of these cells, each pair once. */
export function commandGroups(
  cells: readonly Cell[],
  definitions: ReadonlyMap<string, WorkloadDefinition>,
  builds: ReadonlyMap<string, QemuBuild>,
): CommandGroup[] {
  const groups = new Map<string, { cells: string[]; source: string[]; destination: string[] }>();
  for (const cell of cells) {
    const { workload, qemu } = cell.spec;
    const definition = definitions.get(workload.path ?? workload.id);
    if (definition === undefined) continue;
    const find = (reference: string) => builds.get(reference) ?? missingBuild(reference);
    const [source, destination] = [find(qemu.source), find(qemu.destination)];
    const pair = {
      source: commandOf('source', cell, { build: source, other: destination }, definition),
      destination: commandOf(
        'destination',
        cell,
        { build: destination, other: source },
        definition,
      ),
    };
    const key = JSON.stringify(pair);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { cells: [cell.id], ...pair });
    else group.cells.push(cell.id);
  }
  return [...groups.values()];
}

const PREFACE = `\
# Both sides wait for a state (-incoming defer): the source restores its saved guest, the destination is migrated to.
# Capabilities, parameters, link and post-copy are set over QMP or outside QEMU, so cells share command lines.
# <…> is known only in a run; so are the machine type (pc and q35: pinned to the newest version that both sides know)
# and the accelerator where the plan says auto (shown as tcg; a run tries KVM by booting).
`;

function commandLineText(role: HostRole, command: readonly string[]): string {
  return `# ${role}\n${command.map(shellQuoted).join(' ')}\n`;
}

/** For a person, and for a shell. */
export function commandText(groups: readonly CommandGroup[]): string {
  return [
    PREFACE,
    ...groups.map(
      ({ cells, source, destination }) =>
        `${cells.map((id) => `# ${id}\n`).join('')}${commandLineText('source', source)}${commandLineText('destination', destination)}`,
    ),
  ].join('\n');
}
