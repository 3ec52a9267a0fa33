/**
 * What a build can do, by asking it: its machine types, capabilities and parameters, and whether it accepts a set of
 * them here (post-copy depends on what the kernel allows this user).
 */
import { join } from 'node:path';
import type { CellSpec, ParameterValue } from '../plan/types.ts';
import { describeBuild, parametersFromQmp, QmpCommandError } from '../qmp/index.ts';
import type { Host } from '../sandbox/host.ts';
import { qmpParameters } from '../migration/apply-settings.ts';
import { settingsFor, type KnownSettings } from '../migration/settings.ts';
import type { QemuBuild } from './builds/index.ts';
import type { MachineType } from './machine-type.ts';
import { escapeOption } from './command-line.ts';
import { Machine } from './machine.ts';
import { schemaRefusal, type Refusal, type SettingsSchema } from './schema-refusal.ts';

export interface BuildAbilities extends KnownSettings, SettingsSchema {
  readonly machineTypes: readonly MachineType[];
}

const POSTCOPY_REMEDY =
  'Post-copy needs userfaultfd. As root: sysctl -w vm.unprivileged_userfaultfd=1, or for QEMU 8.1 and newer let this ' +
  'user open /dev/userfaultfd (chmod 0666 /dev/userfaultfd). Or run migbench as root.';

/** What a QEMU without KVM can be asked: it knows dirty-limit, and refuses it for want of a dirty ring. */
function askable(spec: CellSpec): CellSpec {
  const { 'dirty-limit': _needsRing, ...capabilities } = spec.capabilities;
  return spec.guest.dirtyRing === undefined ? spec : { ...spec, capabilities };
}

/** Arguments of a QEMU that only answers questions. */
export function probeArguments(qmpPath: string): string[] {
  return [
    // Nothing runs in it: whatever accelerator the build has will do (Red Hat's has no TCG).
    ...['-machine', 'none,accel=tcg:kvm', '-nodefaults', '-display', 'none'],
    ...['-qmp', `unix:${escapeOption(qmpPath)},server=on,wait=off`],
    ...['-incoming', 'defer'],
  ];
}

/** A QEMU of a build with no machine in it, that can be asked and that can refuse. */
export class BuildProbe implements AsyncDisposable {
  readonly abilities: BuildAbilities;
  readonly #build: QemuBuild;
  readonly #machine: Machine;
  /** Parameters as they were at the start: what a cell sets would stay set for the next. */
  readonly #defaults: Readonly<Record<string, ParameterValue>>;
  readonly #changed = new Set<string>();

  private constructor(
    build: QemuBuild,
    machine: Machine,
    abilities: BuildAbilities,
    defaults: Readonly<Record<string, ParameterValue>>,
  ) {
    this.#build = build;
    this.#machine = machine;
    this.abilities = abilities;
    this.#defaults = defaults;
  }

  /** @throws MigbenchError `host-unfit` where the build does not start or speaks no QMP. */
  static async start(
    build: QemuBuild,
    host: Host,
    logFolder: string,
    signal: AbortSignal,
  ): Promise<BuildProbe> {
    const qmpPath = host.socketPath('probe.qmp');
    const machine = await Machine.start({
      host,
      program: build.program,
      args: [...build.firmwareArgs, ...probeArguments(qmpPath)],
      qmpPath,
      label: build.reference,
      stderrPath: join(logFolder, 'probe.stderr'),
      signal,
    });
    const { qmp } = machine;
    const [machines, capabilities, schema, defaults] = await Promise.all([
      qmp.execute('query-machines'),
      qmp.execute('query-migrate-capabilities'),
      qmp.execute('query-qmp-schema'),
      qmp.execute('query-migrate-parameters'),
    ]);
    const parameterTypes = describeBuild(schema).parameters;
    const abilities = {
      machineTypes: machines,
      capabilities: capabilities.map((entry) => entry.capability),
      parameters: Object.keys(parameterTypes),
      parameterTypes,
    };
    return new BuildProbe(build, machine, abilities, parametersFromQmp(defaults));
  }

  /** Why this build cannot do a cell here; `undefined` where it accepts all its settings. */
  async refusal(spec: CellSpec, mode: 'namespaces' | 'loopback'): Promise<Refusal | undefined> {
    const build = `${this.#build.reference} (QEMU ${this.#build.version})`;
    const lacks = schemaRefusal(spec, this.abilities, build);
    if (lacks !== undefined) return lacks;
    const ring = await this.#ringRefusal(spec, build);
    if (ring !== undefined) return ring;
    const settings = settingsFor(askable(spec), this.abilities, mode);
    if (spec.capabilities['postcopy-ram'] === true) {
      const alone = await this.#words(() => this.#setCapabilities({ 'postcopy-ram': true }));
      if (alone !== undefined) {
        return { reason: 'host-forbids', detail: `${build}: "${alone}"`, remedy: POSTCOPY_REMEDY };
      }
    }
    const refused = await this.#words(() => this.#setCapabilities(settings.capabilities));
    if (refused !== undefined)
      return { reason: 'capability-refused', detail: `${build}: "${refused}"` };
    const outOfRange = await this.#words(() => this.#setParameters(settings.parameters));
    if (outOfRange !== undefined)
      return { reason: 'parameter-refused', detail: `${build}: "${outOfRange}"` };
    return undefined;
  }

  /** KVM's dirty ring came with 6.1: whether the build has it, its own accelerator says. */
  async #ringRefusal(spec: CellSpec, build: string): Promise<Refusal | undefined> {
    if (spec.guest.dirtyRing === undefined) return undefined;
    const properties = await this.#machine.qmp
      .execute('qom-list-properties', { typename: 'kvm-accel' })
      .catch((error: unknown) => {
        // A build without KVM has no such type.
        if (error instanceof QmpCommandError) return [];
        throw error;
      });
    if (properties.some(({ name }) => name === 'dirty-ring-size')) return undefined;
    return {
      reason: 'not-supported',
      detail: `${build} has no dirty ring: its accelerator kvm has no property "dirty-ring-size"; QEMU 6.1 was the first with one.`,
    };
  }

  /** From all off, with the parameters as they were at the start: some capabilities look at parameters. */
  async #setCapabilities(capabilities: Readonly<Record<string, boolean>>): Promise<void> {
    const { qmp } = this.#machine;
    const off = this.abilities.capabilities.map((capability) => ({ capability, state: false }));
    const on = Object.entries(capabilities).map(([capability, state]) => ({ capability, state }));
    await qmp.execute('migrate-set-capabilities', { capabilities: off });
    const changed = Object.entries(this.#defaults).filter(([name]) => this.#changed.has(name));
    if (changed.length > 0) {
      const defaults = qmpParameters(Object.fromEntries(changed));
      await qmp.execute('migrate-set-parameters', defaults);
    }
    await qmp.execute('migrate-set-capabilities', { capabilities: on });
  }

  async #setParameters(parameters: Readonly<Record<string, ParameterValue>>): Promise<void> {
    for (const name of Object.keys(parameters)) this.#changed.add(name);
    await this.#machine.qmp.execute('migrate-set-parameters', qmpParameters(parameters));
  }

  /** QEMU's own words where it refuses. */
  async #words(act: () => Promise<void>): Promise<string | undefined> {
    try {
      await act();
      return undefined;
    } catch (error) {
      if (error instanceof QmpCommandError) return error.description;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine.quit();
  }
}
