/**
 * Migration parameters: what each name measures and in which unit, once.
 *
 * Which of them a build has, its defaults and its choices are asked (schema.ts), never looked up here; a name that is
 * not in the table passes through as it is.
 */
import { MigbenchError } from '../errors.ts';
import type { QmpParameterValue } from './messages.ts';

/** What a parameter's number (or text) means in QMP. `level` is a compression level; `switch` is true or false. */
export type Dimension =
  | 'bytes'
  | 'bytes-per-second'
  | 'megabytes-per-second'
  | 'milliseconds'
  | 'percent'
  | 'count'
  | 'level'
  | 'switch'
  | 'choice'
  | 'text'
  | 'structure';

/** A parameter as plans, records and reports carry it: QMP's own unit, `unlimited` where QMP has a number for that. */
export type ParameterSetting = number | string | boolean;

/** Every migration parameter of QEMU 5.2 to 11.1. */
export const PARAMETER_DIMENSIONS: ReadonlyMap<string, Dimension> = new Map<string, Dimension>([
  ['announce-initial', 'milliseconds'],
  ['announce-max', 'milliseconds'],
  ['announce-rounds', 'count'],
  ['announce-step', 'milliseconds'],
  ['avail-switchover-bandwidth', 'bytes-per-second'],
  ['block-bitmap-mapping', 'structure'],
  ['block-incremental', 'switch'],
  ['compress-level', 'level'],
  ['compress-threads', 'count'],
  ['compress-wait-thread', 'switch'],
  ['cpr-exec-command', 'structure'],
  ['cpu-throttle-increment', 'percent'],
  ['cpu-throttle-initial', 'percent'],
  ['cpu-throttle-tailslow', 'switch'],
  ['decompress-threads', 'count'],
  ['direct-io', 'switch'],
  ['downtime-limit', 'milliseconds'],
  ['max-bandwidth', 'bytes-per-second'],
  ['max-cpu-throttle', 'percent'],
  ['max-postcopy-bandwidth', 'bytes-per-second'],
  ['mode', 'choice'],
  ['multifd-channels', 'count'],
  ['multifd-compression', 'choice'],
  ['multifd-qatzip-level', 'level'],
  ['multifd-zlib-level', 'level'],
  ['multifd-zstd-level', 'level'],
  ['throttle-trigger-threshold', 'percent'],
  ['tls-authz', 'text'],
  ['tls-creds', 'text'],
  ['tls-hostname', 'text'],
  ['vcpu-dirty-limit', 'megabytes-per-second'],
  ['x-checkpoint-delay', 'milliseconds'],
  ['x-rdma-chunk-size', 'bytes'],
  ['x-vcpu-dirty-limit-period', 'milliseconds'],
  ['xbzrle-cache-size', 'bytes'],
  ['zero-page-detection', 'choice'],
]);

/**
 * Parameters whose 0 means "no limit". Not among them: `avail-switchover-bandwidth`, whose 0 means that QEMU estimates
 * the bandwidth itself; it stays 0.
 */
const UNLIMITED_BY_ZERO: ReadonlySet<string> = new Set(['max-bandwidth', 'max-postcopy-bandwidth']);

/** Whether `unlimited` can be said of a parameter. */
export function canBeUnlimited(name: string): boolean {
  return UNLIMITED_BY_ZERO.has(name);
}

/**
 * A setting → what migrate-set-parameters takes.
 *
 * Where 0 means "no limit" it is accepted as such.
 *
 * @throws MigbenchError `plan-invalid` where the value cannot be one of this parameter's; `unlimited` for a number that
 *   has no such meaning is one of those.
 */
export function toQmp(name: string, value: ParameterSetting): number | string | boolean {
  if (value === 'unlimited' && canBeUnlimited(name)) return 0;
  const expected = expectation(PARAMETER_DIMENSIONS.get(name));
  if (expected !== undefined && !expected.accepts(value))
    throw invalid(name, value, expected.words);
  return value;
}

/**
 * What query-migrate-parameters gave → a setting; `null` ("unset") becomes the empty text.
 *
 * Absent (`undefined`) for lists and objects, which no plan can set.
 */
export function fromQmp(name: string, value: QmpParameterValue): ParameterSetting | undefined {
  if (value === null) return '';
  if (typeof value === 'object') return undefined;
  return value === 0 && canBeUnlimited(name) ? 'unlimited' : value;
}

/** A whole reply of query-migrate-parameters → settings, without what has no scalar form. */
export function parametersFromQmp(
  reply: Readonly<Record<string, QmpParameterValue>>,
): Record<string, ParameterSetting> {
  return Object.fromEntries(
    Object.entries(reply).flatMap(([name, value]) => {
      const setting = fromQmp(name, value);
      return setting === undefined ? [] : [[name, setting] as const];
    }),
  );
}

interface Expectation {
  readonly words: string;
  readonly accepts: (value: ParameterSetting) => boolean;
}

const WHOLE_NUMBER: Expectation = {
  words: 'a whole number, not negative',
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
const SWITCH: Expectation = {
  words: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};
const TEXT: Expectation = { words: 'text', accepts: (value) => typeof value === 'string' };
const NOTHING: Expectation = {
  words: 'nothing: it is a list, which plans cannot set',
  accepts: () => false,
};

function expectation(dimension: Dimension | undefined): Expectation | undefined {
  switch (dimension) {
    case undefined:
      return undefined;
    case 'switch':
      return SWITCH;
    case 'choice':
    case 'text':
      return TEXT;
    case 'structure':
      return NOTHING;
    default:
      return WHOLE_NUMBER;
  }
}

function invalid(name: string, value: ParameterSetting, words: string): MigbenchError {
  return new MigbenchError(
    'plan-invalid',
    `The migration parameter ${name} takes ${words}; found ${JSON.stringify(value)}. Correct it in the plan.`,
  );
}
