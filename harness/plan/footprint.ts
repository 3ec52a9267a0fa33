/**
 * What workloads do to memory, roughly, in an emulated guest on two cores: what `migbench plan` predicts times from.
 * A workload that is not listed here is guessed from its parameters that are bytes and bytes per second.
 */
import type { ParameterValues, WorkloadDefinition } from '../../workloads/types.ts';

export interface Footprint {
  /** Memory that is not zero, beside that of the booted system, in bytes. */
  readonly residentBytes: number;
  /** The part of it that is written again and again, in bytes. */
  readonly workingSetBytes: number;
  /** Bytes of whole pages written per second. */
  readonly writtenPerSecond: number;
  /** From the start of the program until its load is steady, in ms. */
  readonly warmUpMs: number;
  /** The check of the data, in ms. */
  readonly verifyMs: number;
}

const MIB = 1024 * 1024;
/** An emulated guest fills memory, and checks it, at about this rate, in bytes/s. */
const FILLED_PER_SECOND = 400 * MIB;
/** A writer without a limit, in bytes/s. */
const UNLIMITED_WRITES = 150 * MIB;

function memoryStress(parameters: ParameterValues): Footprint {
  const bytes = Number(parameters['working-set']);
  const throughMs = (bytes / FILLED_PER_SECOND) * 1000;
  const rate = parameters['dirty-rate'];
  return {
    residentBytes: bytes,
    workingSetBytes: bytes,
    writtenPerSecond:
      typeof rate === 'number' ? Math.min(rate, UNLIMITED_WRITES) : UNLIMITED_WRITES,
    warmUpMs: 1_100 + throughMs,
    verifyMs: 20 + throughMs,
  };
}

/** PostgreSQL with its buffers and log, and its data. */
function database(parameters: ParameterValues): Footprint {
  const scale = Number(parameters['scale'] ?? 1);
  return {
    residentBytes: 130e6 + scale * 24 * MIB,
    workingSetBytes: 40e6,
    writtenPerSecond: 8e6,
    warmUpMs: 10_000 + scale * 3_000,
    verifyMs: 2_300,
  };
}

const idle: Footprint = {
  residentBytes: 0,
  workingSetBytes: 0,
  writtenPerSecond: 0,
  warmUpMs: 330,
  verifyMs: 10,
};

const known: ReadonlyMap<string, (parameters: ParameterValues) => Footprint> = new Map([
  ['idle', () => idle],
  ['memory-stress', memoryStress],
  ['database', database],
]);

/** The footprint of a workload; a path is a user's own, whatever its id. */
export function footprintOf(
  workload: { readonly id: string; readonly path?: string; readonly parameters: ParameterValues },
  definition: WorkloadDefinition | undefined,
): Footprint {
  const builtIn = workload.path === undefined ? known.get(workload.id) : undefined;
  if (builtIn !== undefined) return builtIn(workload.parameters);
  const sumOf = (kind: 'bytes' | 'bytes-per-second') =>
    Object.entries(definition?.parameters ?? {}).reduce((sum, [name, parameter]) => {
      if (parameter.kind !== kind) return sum;
      const value = workload.parameters[name];
      return (
        sum + (typeof value === 'number' ? value : value === 'unlimited' ? UNLIMITED_WRITES : 0)
      );
    }, 0);
  const bytes = sumOf('bytes');
  return {
    residentBytes: bytes,
    workingSetBytes: bytes,
    writtenPerSecond: sumOf('bytes-per-second'),
    warmUpMs: 1_000,
    verifyMs: 100,
  };
}
