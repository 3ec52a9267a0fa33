/** Which machine type a guest gets: pinned to one exact name that both builds know. */
import { MigbenchError } from '../errors.ts';

/** What a build says of one machine type. */
export interface MachineType {
  readonly name: string;
  /** `pc` or `q35` on the newest of its family. */
  readonly alias?: string;
}

/** `pc-q35-9.2`, and a vendor's `pc-q35-rhel9.4.0`, which is of another family. */
const VERSIONED = /^(?<family>.+-[a-z]*)(?<major>\d+)\.(?<minor>\d+)(?:\.(?<patch>\d+))?$/u;

function versionOf(name: string): { family: string; order: number } | undefined {
  const groups = VERSIONED.exec(name)?.groups;
  if (groups === undefined) return undefined;
  const { family = '', major, minor, patch = 0 } = groups;
  return { family, order: (Number(major) * 1000 + Number(minor)) * 1000 + Number(patch) };
}

/**
 * The exact machine type for a guest.
 *
 * An alias such as `pc` becomes what it stands for in one of them, where the other knows that too; else the newest
 * version of its family that both know. An exact name must be known to both.
 *
 * @throws MigbenchError `plan-invalid` where there is no such type, naming what the builds do know.
 */
export function pinMachineType(
  requested: string,
  source: readonly MachineType[],
  destination: readonly MachineType[],
): string {
  const known = new Set(destination.map((machine) => machine.name));
  const common = source.filter((machine) => known.has(machine.name));
  const pinned = commonType(requested, source, destination, common);
  if (pinned !== undefined) return pinned;
  const aliases = ['pc', 'q35'].filter(
    (alias) => commonType(alias, source, destination, common) !== undefined,
  );
  const some = common.map((machine) => machine.name).sort();
  throw new MigbenchError(
    'plan-invalid',
    `guest.machine: expected a machine type that both QEMU builds know, found ${JSON.stringify(requested)}. ` +
      `Both know: ${[...aliases, ...some.slice(0, 40)].join(', ')}.`,
  );
}

function commonType(
  requested: string,
  source: readonly MachineType[],
  destination: readonly MachineType[],
  common: readonly MachineType[],
): string | undefined {
  if (common.some((machine) => machine.name === requested)) return requested;
  const aliased = [...source, ...destination].filter((machine) => machine.alias === requested);
  const names = new Set(common.map((machine) => machine.name));
  const shared = aliased.find((machine) => names.has(machine.name));
  if (shared !== undefined) return shared.name;
  const family = versionOf(aliased[0]?.name ?? '')?.family;
  const newest = common
    .map((machine) => ({ name: machine.name, version: versionOf(machine.name) }))
    .filter((machine) => family !== undefined && machine.version?.family === family)
    .sort((a, b) => (b.version?.order ?? 0) - (a.version?.order ?? 0))[0];
  return newest?.name;
}

/** What a plan that names no machine gets: `pc`, or `q35` where one of these builds was made without it. */
export function defaultMachine(
  builds: readonly { readonly machineType: 'pc' | 'q35' }[],
): 'pc' | 'q35' {
  return builds.some(({ machineType }) => machineType === 'q35') ? 'q35' : 'pc';
}

/** `pc`, or `q35` in a build that was made without it, by the answer to `-machine help`: a name, or an alias, per line. */
export function machineTypeIn(help: string): 'pc' | 'q35' {
  return /^pc\s/mu.test(help) ? 'pc' : 'q35';
}
