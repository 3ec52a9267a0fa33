/**
 * What a build can do, by asking it: its machine types, capabilities and parameters, and whether it accepts a set of
 * them here (post-copy depends on what the kernel allows this user).
 */
import { join } from 'node:path';
import type { CellSpec } from '../plan/types.ts';
import { describeBuild, QmpCommandError } from '../qmp/index.ts';
import type { SkipReason } from '../record/schema.ts';
import type { Host } from '../sandbox/host.ts';
import { qmpParameters } from '../migration/apply-settings.ts';
import { missingSettings, settingsFor, type KnownSettings } from '../migration/settings.ts';
import type { QemuBuild } from './builds/index.ts';
import type { MachineType } from './machine-type.ts';
import { escapeOption } from './command-line.ts';
import { Machine } from './machine.ts';

export interface Refusal {
  readonly reason: SkipReason;
  /** What is missing or refused, in QEMU's own words where it has some. */
  readonly detail: string;
  readonly remedy?: string;
}

export interface BuildAbilities extends KnownSettings {
  readonly machineTypes: readonly MachineType[];
}

const POSTCOPY_REMEDY =
  'Post-copy needs userfaultfd. As root: sysctl -w vm.unprivileged_userfaultfd=1, or for QEMU 8.1 and newer let this ' +
  'user open /dev/userfaultfd (chmod 0666 /dev/userfaultfd). Or run migbench as root.';

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

  private constructor(build: QemuBuild, machine: Machine, abilities: BuildAbilities) {
    this.#build = build;
    this.#machine = machine;
    this.abilities = abilities;
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
    const [machines, capabilities, schema] = await Promise.all([
      qmp.execute('query-machines'),
      qmp.execute('query-migrate-capabilities'),
      qmp.execute('query-qmp-schema'),
    ]);
    return new BuildProbe(build, machine, {
      machineTypes: machines,
      capabilities: capabilities.map((entry) => entry.capability),
      parameters: Object.keys(describeBuild(schema).parameters),
    });
  }

  /** Why this build cannot do a cell here; `undefined` where it accepts all its settings. */
  async refusal(spec: CellSpec, mode: 'namespaces' | 'loopback'): Promise<Refusal | undefined> {
    const missing = missingSettings(spec, this.abilities);
    const build = `${this.#build.reference} (QEMU ${this.#build.version})`;
    const [capability] = missing.capabilities;
    if (capability !== undefined) {
      return {
        reason: 'capability-missing',
        detail: `${build} has no migration capability "${capability}".`,
      };
    }
    const [parameter] = missing.parameters;
    if (parameter !== undefined) {
      return {
        reason: 'parameter-missing',
        detail: `${build} has no migration parameter "${parameter}".`,
      };
    }
    const settings = settingsFor(spec, this.abilities, mode);
    if (spec.capabilities['postcopy-ram'] === true) {
      const alone = await this.#try({ 'postcopy-ram': true }, {});
      if (alone !== undefined) {
        return {
          reason: 'host-forbids',
          detail: `${build}: "${alone}"`,
          remedy: POSTCOPY_REMEDY,
        };
      }
    }
    const words = await this.#try(settings.capabilities, settings.parameters);
    if (words === undefined) return undefined;
    return { reason: 'capability-refused', detail: `${build}: "${words}"` };
  }

  /** QEMU's own words where it refuses. */
  async #try(
    capabilities: Readonly<Record<string, boolean>>,
    parameters: Readonly<Record<string, number | string | boolean>>,
  ): Promise<string | undefined> {
    const off = this.abilities.capabilities.map((capability) => ({ capability, state: false }));
    const on = Object.entries(capabilities).map(([capability, state]) => ({ capability, state }));
    try {
      await this.#machine.qmp.execute('migrate-set-capabilities', { capabilities: off });
      await this.#machine.qmp.execute('migrate-set-capabilities', { capabilities: on });
      await this.#machine.qmp.execute('migrate-set-parameters', qmpParameters(parameters));
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
