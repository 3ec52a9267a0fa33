/** QEMU's migration parameters in a plan: which need a unit, and the conversion to QMP's own units. */
import {
  canBeUnlimited,
  PARAMETER_DIMENSIONS,
  type Dimension as QmpDimension,
} from '../qmp/parameters.ts';
import { formatExact, parseLimit, parseQuantity, type Dimension } from '../units.ts';
import type { ParameterValue } from './types.ts';

/** How QMP's dimensions are written in a plan; those that are not quantities are absent. */
const WRITTEN_AS: Readonly<Partial<Record<QmpDimension, Dimension>>> = {
  bytes: 'bytes',
  'bytes-per-second': 'bytes-per-second',
  'megabytes-per-second': 'bytes-per-second',
  milliseconds: 'duration',
  percent: 'percent',
  count: 'count',
  level: 'count',
};

/** Inclusive bounds in the base unit. QEMU checks them too, but only when a trial has begun. */
const BOUNDS: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  'announce-initial': [0, 100_000],
  'announce-max': [0, 100_000],
  'announce-step': [1, 10_000],
  'announce-rounds': [0, 1000],
  'cpu-throttle-increment': [1, 99],
  'cpu-throttle-initial': [1, 99],
  'max-cpu-throttle': [1, 99],
  'throttle-trigger-threshold': [1, 100],
  'downtime-limit': [0, 2_000_000],
  // 1 Mbit/s, as for links: below it nothing converges, and a typing error is likelier.
  'max-bandwidth': [125_000, Number.MAX_SAFE_INTEGER],
  'max-postcopy-bandwidth': [125_000, Number.MAX_SAFE_INTEGER],
  'multifd-channels': [1, 255],
  'multifd-zlib-level': [0, 9],
  'multifd-zstd-level': [0, 20],
  'multifd-qatzip-level': [1, 9],
  'compress-level': [0, 9],
  'compress-threads': [1, 255],
  'decompress-threads': [1, 255],
  'vcpu-dirty-limit': [1e6, 1e12],
  'x-vcpu-dirty-limit-period': [1, 1000],
  'xbzrle-cache-size': [4096, 2 ** 44],
};

/** The capability without which the parameters of a family do nothing. */
const FAMILIES: readonly (readonly [pattern: RegExp, capability: string])[] = [
  [/^multifd-/, 'multifd'],
  [/^(?:cpu-throttle-|max-cpu-throttle$|throttle-trigger-)/, 'auto-converge'],
  [/^(?:compress-|decompress-)/, 'compress'],
  [/vcpu-dirty-limit/, 'dirty-limit'],
  [/^xbzrle-/, 'xbzrle'],
  [/^max-postcopy-bandwidth$/, 'postcopy-ram'],
  [/^direct-io$/, 'mapped-ram'],
];

/** A parameter in QMP's unit, or why it was refused. */
export type ConvertedParameter =
  | { readonly ok: true; readonly value: ParameterValue }
  | { readonly ok: false; readonly reason: string; readonly suggestion?: string };

/** The capability without which a parameter does nothing; `undefined` where it always counts. */
export const capabilityNeededBy = (name: string): string | undefined =>
  FAMILIES.find(([pattern]) => pattern.test(name))?.[1];

const failed = (reason: string, suggestion?: string): ConvertedParameter =>
  suggestion === undefined ? { ok: false, reason } : { ok: false, reason, suggestion };

function quantity(name: string, text: string, dimension: Dimension): ConvertedParameter {
  const parsed = canBeUnlimited(name)
    ? parseLimit(text, dimension)
    : parseQuantity(text, dimension);
  if (!parsed.ok) return failed(`"${text}": ${parsed.reason}`, parsed.suggestion);
  const value = parsed.value;
  if (value === 'unlimited') return { ok: true, value };
  const [minimum, maximum] = BOUNDS[name] ?? [0, Infinity];
  if (value < minimum)
    return failed(`"${text}": must be at least ${formatExact(minimum, dimension)}`);
  if (value > maximum)
    return failed(`"${text}": must be at most ${formatExact(maximum, dimension)}`);
  const step = PARAMETER_DIMENSIONS.get(name) === 'megabytes-per-second' ? 1e6 : 1;
  const whole = Math.round(value / step);
  if (whole * step === value) return { ok: true, value: whole };
  return failed(
    `"${text}": QEMU takes whole multiples of ${formatExact(step, dimension)} only`,
    formatExact(Math.max(1, whole) * step, dimension),
  );
}

/** Tried in this order for parameters that are not known; the unit decides. */
const BY_UNIT: readonly Dimension[] = ['bytes', 'bytes-per-second', 'duration', 'percent', 'count'];

function unknownParameter(text: string): ConvertedParameter {
  if (!/^[-+.\d]/.test(text)) return { ok: true, value: text };
  for (const dimension of BY_UNIT) {
    const parsed = parseQuantity(text, dimension);
    if (parsed.ok) return parsed;
  }
  return failed(`"${text}" is neither a count nor a quantity such as 64MiB, 20MiB/s, 300ms, 20%`);
}

/**
 * Converts one parameter as it is written in a plan. `unlimited` stays a word: what number stands for it is
 * QMP's business. A text without a number is passed on (an enumeration that the build's own schema will check).
 */
export function convertParameter(
  name: string,
  written: string | number | boolean,
): ConvertedParameter {
  const text = String(written).trim();
  const known = PARAMETER_DIMENSIONS.get(name);
  if (known === undefined)
    return typeof written === 'boolean' ? { ok: true, value: written } : unknownParameter(text);
  if (known === 'structure') return failed('structured parameters cannot be set in a plan');
  if (known === 'switch')
    return typeof written === 'boolean'
      ? { ok: true, value: written }
      : failed(`"${text}": expected true or false`);
  const dimension = WRITTEN_AS[known];
  if (dimension === undefined)
    return typeof written === 'string'
      ? { ok: true, value: text }
      : failed(`"${text}": expected a name`);
  return typeof written === 'boolean'
    ? failed(`"${text}": expected a quantity`)
    : quantity(name, text, dimension);
}
