/** A workload's own functions, called with the parameters of a plan: what they return is used unseen later on. */
import type { ParameterValues, WorkloadDefinition } from '../../workloads/types.ts';
import { messageOf } from '../errors.ts';
import { formatCommand } from '../guest/protocol.ts';

/** A command id of the greatest length. */
const LONG_ID = '9'.repeat(20);

/** Each function that throws or returns what it must not, as a sentence; none for a workload that keeps its contract. */
export function workloadFaults(
  definition: WorkloadDefinition,
  parameters: ParameterValues,
): string[] {
  return [
    fault('loop', 'open, closed or none', () => {
      const value: unknown = definition.loop(parameters);
      return [value, value === 'open' || value === 'closed' || value === 'none'];
    }),
    fault('minimumGuestMemoryBytes', 'a number of bytes', () => {
      const value: unknown = definition.minimumGuestMemoryBytes(parameters);
      return [value, typeof value === 'number' && Number.isFinite(value) && value >= 0];
    }),
    fault('disk', 'undefined or { sizeBytes: a whole number of bytes }', () => {
      const value: unknown = definition.disk?.(parameters);
      return [value, value === undefined || isDisk(value)];
    }),
    fault('command', 'undefined or a list of words that begins with a program', () => {
      const value: unknown = definition.command(parameters);
      if (value !== undefined && !isCommand(value)) return [value, false];
      // The guest's agent takes it in one datagram; this throws where it is too long for that.
      formatCommand(LONG_ID, 'start', value ?? []);
      return [value, true];
    }),
  ].flatMap((found) => found ?? []);
}

function fault(
  name: string,
  expected: string,
  call: () => readonly [value: unknown, isRight: boolean],
): string | undefined {
  try {
    const [value, isRight] = call();
    return isRight ? undefined : `${name}() must give ${expected}; it gave ${shown(value)}`;
  } catch (error) {
    return `${name}() failed: ${messageOf(error)}`;
  }
}

function isDisk(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('sizeBytes' in value)) return false;
  const { sizeBytes } = value;
  return Number.isSafeInteger(sizeBytes) && Number(sizeBytes) > 0;
}

function isCommand(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.every((word) => typeof word === 'string') &&
    value[0] !== undefined &&
    value[0] !== ''
  );
}

const SHOWN_CHARACTERS = 80;

/** A value as it is written in JavaScript, as far as JSON can say it. */
function shown(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
