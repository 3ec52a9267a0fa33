/** From text to a checked value: JSON, then the version, then the schema; every refusal says where and why. */
import type { z } from 'zod';
import { MigbenchError } from '../errors.ts';
import { SCHEMA_VERSION } from './schema.ts';

/** `undefined` where the text is not JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Check a value against a schema.
 *
 * @param where file and line, as the user would look for them: `RUN/trials.jsonl:17`.
 * @throws MigbenchError `record`.
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const version = isObject(value) ? value['schemaVersion'] : undefined;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new MigbenchError(
      'record',
      `${where}: written with format version ${version}, and this migbench reads up to ${SCHEMA_VERSION}. Update migbench.`,
    );
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 3).map((issue) => {
    const field = issue.path.map(String).join('.');
    return field === '' ? issue.message : `${field}: ${issue.message}`;
  });
  const more = result.error.issues.length - issues.length;
  throw new MigbenchError(
    'record',
    `${where}: not as expected: ${issues.join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
  );
}
