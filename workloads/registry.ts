/** The workloads there are: the built-in ones, and a user's own folder. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { MigbenchError, messageOf } from '../harness/errors.ts';
import { packageRoot } from '../harness/paths.ts';
import { workload as database } from './database/workload.ts';
import { workload as idle } from './idle/workload.ts';
import { workload as memoryStress } from './memory-stress/workload.ts';
import type { WorkloadDefinition } from './types.ts';

/** A workload and the absolute folder that its guest files are relative to. */
export interface LoadedWorkload {
  readonly definition: WorkloadDefinition;
  readonly folder: string;
}

/** The workloads that come with migbench, in the order in which they are listed. */
export const builtInWorkloads: readonly LoadedWorkload[] = [idle, memoryStress, database].map(
  (definition) => ({ definition, folder: join(packageRoot, 'workloads', definition.id) }),
);

/** A built-in workload by its id; `undefined` for any other name. */
export function builtInWorkload(id: string): LoadedWorkload | undefined {
  return builtInWorkloads.find(({ definition }) => definition.id === id);
}

const guestPath = z
  .string()
  .regex(/^\/(?!.*(^|\/)\.\.(\/|$))/, 'must be an absolute path in the guest');
const insideFolder = z
  .string()
  .regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+/, "must be a path inside the workload's folder");
const positive = z.number().positive();

const parameterSchema = z
  .strictObject({
    kind: z.enum([
      ...(['bytes', 'bytes-per-second', 'duration-ms', 'percent'] as const),
      ...(['per-second', 'count', 'choice', 'boolean'] as const),
    ]),
    description: z.string(),
    default: z.union([z.number(), z.string(), z.boolean()]),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    choices: z.array(z.string()).nonempty().optional(),
    unlimited: z.boolean().optional(),
  })
  .refine(({ kind, choices }) => kind !== 'choice' || choices !== undefined, {
    error: 'a parameter of kind "choice" needs choices',
  })
  .refine(({ choices, default: value }) => choices?.includes(String(value)) ?? true, {
    error: 'the default is not one of the choices',
  });

const port = z.number().int().min(1).max(65_535);
const words = z.string().regex(/^[^\r\n\0]+$/, 'must be one line of text');

const serviceSchema = z.discriminatedUnion('protocol', [
  z.strictObject({ protocol: z.literal('line'), port, request: words }),
  z.strictObject({
    protocol: z.literal('postgresql'),
    port,
    user: words,
    database: words,
    statement: words,
  }),
]);

/** A function; what it returns is only known when it is called. */
const callable = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function of the parameters',
});

/** The shape of `WorkloadDefinition`, for a folder that no compiler has checked. */
const definitionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be in kebab-case: "my-workload"')
    .max(40),
  title: z.string(),
  description: z.string(),
  parameters: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), parameterSchema),
  progressUnit: z.string(),
  loop: callable,
  guest: z.strictObject({
    packages: z.array(z.string()).optional(),
    programs: z
      .array(z.strictObject({ sources: z.array(insideFolder).nonempty(), target: guestPath }))
      .optional(),
    files: z
      .array(
        z.strictObject({
          source: insideFolder,
          target: guestPath,
          executable: z.boolean().optional(),
        }),
      )
      .optional(),
  }),
  command: callable,
  minimumGuestMemoryBytes: callable,
  readyTimeoutMs: positive,
  gate: z
    .strictObject({ windowMs: positive, tolerance: z.number().gt(0).lt(1), timeoutMs: positive })
    .optional(),
  verifies: z.boolean(),
  verifyTimeoutMs: positive.optional(),
  disk: callable.optional(),
  service: serviceSchema.optional(),
});

/**
 * Load a user's workload: the folder's `workload.js` (an ES module) must export `workload`.
 *
 * The module is imported, so its top level runs with the user's rights; load only folders that the plan names.
 *
 * @throws MigbenchError `plan-invalid`, naming the file and each wrong field.
 */
export async function loadWorkload(folder: string): Promise<LoadedWorkload> {
  const absolute = resolve(folder);
  const file = join(absolute, 'workload.js');
  if (!existsSync(file)) {
    throw new MigbenchError(
      'plan-invalid',
      `Expected a workload in ${absolute}, found no workload.js there. Give the path of a folder with a workload.js that exports "workload".`,
    );
  }
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new MigbenchError('plan-invalid', `Cannot load ${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const parsed = definitionSchema.safeParse(exported['workload']);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .map(({ path, message }) => `  ${['workload', ...path].join('.')}: ${message}`)
      .join('\n');
    throw new MigbenchError(
      'plan-invalid',
      `${file} does not export a workload as workloads/types.ts describes it:\n${problems}`,
    );
  }
  if (builtInWorkload(parsed.data.id) !== undefined) {
    throw new MigbenchError(
      'plan-invalid',
      `${file}: "${parsed.data.id}" is the name of a built-in workload; choose another id.`,
    );
  }
  // The schema has checked the shape; what the functions return is checked where they are called.
  return { definition: exported['workload'] as WorkloadDefinition, folder: absolute };
}
