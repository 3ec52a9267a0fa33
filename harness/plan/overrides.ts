/** `--set path=value`: values of a plan given on the command line, applied before the plan is validated. */
import { parseDocument } from 'yaml';
import { MigbenchError, messageOf } from '../errors.ts';
import type { PlanPath } from './problems.ts';

/** One `--set`: as it was written, and what it means. */
export interface Override {
  readonly flag: string;
  readonly path: PlanPath;
  readonly value: unknown;
}

const refused = (flag: string, reason: string): MigbenchError =>
  new MigbenchError('plan-invalid', `--set ${flag}: ${reason}`);

/** Parses `links.0.bandwidth=1Gbit/s`; the value is YAML. Throws `plan-invalid`. */
export function parseOverride(flag: string): Override {
  const equals = flag.indexOf('=');
  if (equals === -1) throw refused(flag, 'is written path=value, for example --set repetitions=5');
  const path = flag.slice(0, equals).trim().split('.');
  if (path.some((segment) => segment === ''))
    throw refused(flag, 'a name is missing in the path; write it as in guest.memory=512MiB');
  try {
    const document = parseDocument(flag.slice(equals + 1), { prettyErrors: false });
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault !== undefined) throw fault;
    return {
      flag,
      path: path.map((segment) => (/^\d{1,9}$/.test(segment) ? Number(segment) : segment)),
      value: document.toJS({ maxAliasCount: 0 }),
    };
  } catch (error) {
    throw refused(flag, `the value is not valid YAML: ${messageOf(error)}`);
  }
}

/** A workload that is only named can be given parameters. */
function asContainer(value: unknown, path: PlanPath): unknown {
  return path.length === 2 && path[0] === 'workloads' && typeof value === 'string'
    ? { id: value }
    : value;
}

function replaced(parent: unknown, override: Override, depth: number): unknown {
  const { flag, path, value } = override;
  const key = path[depth];
  if (key === undefined) return value;
  const here = path.slice(0, depth).join('.');
  const container = asContainer(parent, path.slice(0, depth));
  if (Array.isArray(container)) {
    const items: readonly unknown[] = container;
    if (typeof key !== 'number')
      throw refused(flag, `${here} is a list: write ${here}.0 for its first entry`);
    if (key > items.length)
      throw refused(flag, `${here} has ${items.length} entries, counted from 0`);
    const copy = [...items];
    copy[key] = replaced(items[key], override, depth + 1);
    return copy;
  }
  // What the plan leaves to its default is made: a list where its first entry is named.
  if ((container === undefined || container === null) && key === 0)
    return [replaced(undefined, override, depth + 1)];
  if (container === undefined || container === null)
    return { [String(key)]: replaced(undefined, override, depth + 1) };
  if (typeof container !== 'object')
    throw refused(flag, `${here} is ${JSON.stringify(container)}, which has no "${key}"`);
  const name = String(key);
  const current: unknown = Object.hasOwn(container, name)
    ? Reflect.get(container, name)
    : undefined;
  return { ...container, [name]: replaced(current, override, depth + 1) };
}

/** The plan's data with one override applied; the original is not changed. Throws `plan-invalid`. */
export function applyOverride(data: unknown, override: Override): unknown {
  return replaced(data, override, 0);
}

const startsWith = (path: PlanPath, start: PlanPath): boolean =>
  start.every((segment, index) => String(segment) === String(path[index]));

/** The override that decides what is at a path: the last one at it or above it. */
export const overrideAt = (overrides: readonly Override[], path: PlanPath): Override | undefined =>
  overrides.findLast((override) => startsWith(path, override.path));

/** An override that made a value which the file does not have, by setting something in it. */
export const overrideIn = (overrides: readonly Override[], path: PlanPath): Override | undefined =>
  path.length === 0 ? undefined : overrides.findLast((override) => startsWith(override.path, path));
