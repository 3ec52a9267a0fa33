/** Setting a QEMU for a cell, and reading back what it took. */
import type { CellSpec, ParameterValue } from '../plan/types.ts';
import { parametersFromQmp, toQmp } from '../qmp/index.ts';
import type { Machine } from '../qemu/machine.ts';
import { settingsFor, type KnownSettings, type Settings } from './settings.ts';

/** What both sides answered after they were set. */
export interface Effective {
  readonly source: Writable<Settings>;
  readonly destination: Writable<Settings>;
}

type Writable<T> = { -readonly [K in keyof T]: { -readonly [L in keyof T[K]]: T[K][L] } };

/** @throws QmpCommandError with QEMU's own words where it refuses. */
export async function applySettings(
  machine: Machine,
  spec: CellSpec,
  known: KnownSettings,
  mode: 'namespaces' | 'loopback',
): Promise<Writable<Settings>> {
  const { capabilities, parameters } = settingsFor(spec, known, mode);
  // Off before on: a capability that is still set may exclude one that is to be set.
  for (const wanted of [false, true]) {
    await machine.qmp.execute('migrate-set-capabilities', {
      capabilities: Object.entries(capabilities)
        .filter(([, state]) => state === wanted)
        .map(([capability, state]) => ({ capability, state })),
    });
  }
  await machine.qmp.execute('migrate-set-parameters', qmpParameters(parameters));
  const [setCapabilities, setParameters] = await Promise.all([
    machine.qmp.execute('query-migrate-capabilities'),
    machine.qmp.execute('query-migrate-parameters'),
  ]);
  return {
    capabilities: Object.fromEntries(
      setCapabilities.map(({ capability, state }) => [capability, state]),
    ),
    parameters: scalarsOf(parametersFromQmp(setParameters)),
  };
}

/** Parameters as QMP takes them. */
export function qmpParameters(
  parameters: Readonly<Record<string, ParameterValue>>,
): Record<string, ParameterValue> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, toQmp(name, value)]),
  );
}

function scalarsOf(values: Readonly<Record<string, unknown>>): Record<string, ParameterValue> {
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, ParameterValue] =>
        typeof entry[1] === 'number' ||
        typeof entry[1] === 'string' ||
        typeof entry[1] === 'boolean',
    ),
  );
}
