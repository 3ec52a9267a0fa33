/** What is set on both sides before a migration: every capability explicitly, every parameter of the plan. */
import type { CellSpec, ParameterValue } from '../plan/types.ts';
import { tlsParameters } from './tls.ts';

/** Capabilities the harness sets for its own observation, where the build has them. */
const OWN_CAPABILITIES: readonly string[] = ['events', 'return-path', 'postcopy-blocktime'];
/** Nothing comes back from a file or through a pipe. */
const OWN_ONE_WAY: readonly string[] = ['events'];

export interface Settings {
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** QMP's units; `unlimited` written out. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

/** Capabilities and parameters a build knows by name. */
export interface KnownSettings {
  readonly capabilities: readonly string[];
  readonly parameters: readonly string[];
}

/** Names that the plan sets and the build does not have. */
export function missingSettings(
  spec: Pick<CellSpec, 'capabilities' | 'parameters'>,
  known: KnownSettings,
): { capabilities: string[]; parameters: string[] } {
  const enabled = Object.entries(spec.capabilities).filter(([, on]) => on);
  return {
    capabilities: enabled
      .map(([name]) => name)
      .filter((name) => !known.capabilities.includes(name)),
    parameters: Object.keys(spec.parameters).filter((name) => !known.parameters.includes(name)),
  };
}

/**
 * Everything to set on one QEMU for a cell: all capabilities that the build knows, true and false, since they stay
 * set on a QEMU; the plan's parameters; and its TLS credentials, or none.
 *
 * In loopback mode the link's bandwidth becomes the max-bandwidth where that is lower; and, with post-copy, which that
 * does not govern, the max-postcopy-bandwidth of a build that has one.
 */
export function settingsFor(
  spec: CellSpec,
  known: KnownSettings,
  mode: 'namespaces' | 'loopback',
): Settings {
  const own = ['file', 'exec'].includes(spec.transport) ? OWN_ONE_WAY : OWN_CAPABILITIES;
  const capabilities = Object.fromEntries(
    known.capabilities.map((name) => [name, spec.capabilities[name] ?? own.includes(name)]),
  );
  // The mirror of the disk is ended while the guest stands still.
  if (spec.guest.storage === 'mirror') capabilities['pause-before-switchover'] = true;
  const parameters: Record<string, ParameterValue> = {
    ...spec.parameters,
    ...tlsParameters(spec.tls, known.parameters),
  };
  const rate = spec.link.bandwidthBitsPerSecond;
  if (mode === 'loopback' && rate !== 'unlimited') {
    const linkBytesPerSecond = Math.floor(rate / 8);
    const limit = (name: string): void => {
      parameters[name] = lower(parameters[name], linkBytesPerSecond);
    };
    limit('max-bandwidth');
    if (
      spec.capabilities['postcopy-ram'] === true &&
      known.parameters.includes('max-postcopy-bandwidth')
    ) {
      limit('max-postcopy-bandwidth');
    }
  }
  return { capabilities, parameters };
}

/** The lower of a limit and a rate, bytes per second; 0, like `unlimited`, is no limit. */
function lower(limit: ParameterValue | undefined, rate: number): number {
  return typeof limit === 'number' && limit > 0 ? Math.min(limit, rate) : rate;
}
