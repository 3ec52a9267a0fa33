/** Parameters of workloads: from the text of a plan to the base unit of their kind, and back. */
import type { ParameterDefinition, ParameterValues } from '../../workloads/types.ts';
import { formatExact, parseLimit, parseQuantity, type Dimension } from '../units.ts';
import { nearestName } from './nearest.ts';

/** A value as YAML gives it. */
export type WrittenValue = string | number | boolean;

/** A parameter's value in its base unit, or why it was refused. */
export type ParsedParameter =
  | { readonly ok: true; readonly value: number | string | boolean }
  | { readonly ok: false; readonly reason: string; readonly suggestion?: string };

/** The dimension of a kind; `undefined` for kinds that are not quantities. */
function dimensionOf(kind: ParameterDefinition['kind']): Dimension | undefined {
  if (kind === 'choice' || kind === 'boolean') return undefined;
  return kind === 'duration-ms' ? 'duration' : kind;
}

const failed = (reason: string, suggestion?: string): ParsedParameter =>
  suggestion === undefined ? { ok: false, reason } : { ok: false, reason, suggestion };

/** Parses one parameter of a workload by its definition. */
export function parseWorkloadParameter(
  definition: ParameterDefinition,
  written: WrittenValue,
): ParsedParameter {
  const text = String(written).trim();
  const dimension = dimensionOf(definition.kind);
  if (dimension === undefined) {
    if (definition.kind === 'boolean')
      return typeof written === 'boolean'
        ? { ok: true, value: written }
        : failed(`"${text}": expected true or false`);
    const choices = definition.choices ?? [];
    return choices.includes(text)
      ? { ok: true, value: text }
      : failed(`"${text}" is not one of ${choices.join(', ')}`, nearestName(text, choices));
  }
  if (typeof written === 'boolean') return failed(`"${text}": expected a quantity`);
  const parsed =
    definition.unlimited === true ? parseLimit(text, dimension) : parseQuantity(text, dimension);
  if (!parsed.ok) return failed(`"${text}": ${parsed.reason}`, parsed.suggestion);
  const { value } = parsed;
  const { minimum, maximum } = definition;
  if (value === 'unlimited') return { ok: true, value };
  if (minimum !== undefined && value < minimum)
    return failed(`"${text}": must be at least ${formatExact(minimum, dimension)}`);
  if (maximum !== undefined && value > maximum)
    return failed(`"${text}": must be at most ${formatExact(maximum, dimension)}`);
  return { ok: true, value };
}

/** A parameter's value as it would be written in a plan: `64MiB`, `20MiB/s`, `random`. */
export function formatWorkloadParameter(
  definition: ParameterDefinition,
  value: number | string | boolean,
): string {
  const dimension = dimensionOf(definition.kind);
  return typeof value === 'number' && dimension !== undefined
    ? formatExact(value, dimension)
    : String(value);
}

/** The default values of all parameters of a workload. */
export function defaultParameters(
  definitions: Readonly<Record<string, ParameterDefinition>>,
): ParameterValues {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, definition.default]),
  );
}
