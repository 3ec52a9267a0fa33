/** The workload entries of a plan: found, their parameters checked and completed, and labelled. */
import { join, resolve } from 'node:path';
import type { WorkloadDefinition } from '../../workloads/types.ts';
import { messageOf } from '../errors.ts';
import { workloadFaults } from './check-workload.ts';
import { distinct, labelText } from './labels.ts';
import { nearestName } from './nearest.ts';
import type { PlanPath, PlanProblem } from './problems.ts';
import type { PlanFile } from './schema.ts';
import type { CellSpec } from './types.ts';
import {
  defaultParameters,
  formatWorkloadParameter,
  parseWorkloadParameter,
  type WrittenValue,
} from './workload-parameters.ts';

/** Where workloads come from; given by the caller, so that plans know nothing of the registry. */
export interface WorkloadLookup {
  /** Ids of the built-in workloads. */
  readonly ids: readonly string[];
  readonly byId: (id: string) => WorkloadDefinition | undefined;
  /** Loads a user's own workload from an absolute folder; rejects with the reason. */
  readonly byPath: (folder: string) => Promise<OwnWorkload>;
}

/** A user's own workload. */
export interface OwnWorkload {
  readonly definition: WorkloadDefinition;
  /** Hash of the folder's content. */
  readonly digest: string;
}

/** A workload entry, ready for cells. */
export interface ResolvedWorkload {
  readonly label: string;
  readonly path: PlanPath;
  readonly value: CellSpec['workload'];
  readonly definition: WorkloadDefinition;
}

type Entry = Exclude<PlanFile['workloads'][number], string>;

/** The keys of an entry that are not parameters. */
const OWN_KEYS = new Set(['id', 'path', 'label']);

async function find(
  entry: Entry,
  path: PlanPath,
  lookup: WorkloadLookup,
  directory: string,
): Promise<
  { definition: WorkloadDefinition; own?: { path: string; digest: string } } | PlanProblem
> {
  if ((entry.id === undefined) === (entry.path === undefined))
    return { path, reason: 'a workload has either an id (built-in) or a path (your own folder)' };
  if (entry.path !== undefined) {
    const folder = resolve(directory, entry.path);
    return lookup.byPath(folder).then(
      ({ definition, digest }) => ({ definition, own: { path: folder, digest } }),
      (error: unknown) => ({ path: [...path, 'path'], reason: messageOf(error) }),
    );
  }
  const id = entry.id ?? '';
  const definition = lookup.byId(id);
  if (definition !== undefined) return { definition };
  const suggestion = nearestName(id, lookup.ids);
  return {
    path: [...path, 'id'],
    reason: `there is no workload "${id}"; the built-in ones are ${lookup.ids.join(', ')}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** The values of all parameters; problems are added to the list. */
function parametersOf(
  entry: Entry,
  definition: WorkloadDefinition,
  path: PlanPath,
  problems: PlanProblem[],
): CellSpec['workload']['parameters'] {
  const values: Record<string, WrittenValue> = { ...defaultParameters(definition.parameters) };
  for (const [name, written] of Object.entries(entry)) {
    if (OWN_KEYS.has(name) || written === undefined) continue;
    const known = Object.hasOwn(definition.parameters, name)
      ? definition.parameters[name]
      : undefined;
    if (known === undefined) {
      const names = Object.keys(definition.parameters);
      const suggestion = nearestName(name, names);
      const list = names.length === 0 ? 'has none' : `has ${names.join(', ')}`;
      problems.push({
        path: [...path, name],
        atKey: true,
        reason: `unknown parameter "${name}"; ${definition.id} ${list}`,
        ...(suggestion === undefined ? {} : { suggestion }),
      });
      continue;
    }
    const parsed = parseWorkloadParameter(known, written);
    if (parsed.ok) values[name] = parsed.value;
    else {
      const { ok: _, ...why } = parsed;
      problems.push({ path: [...path, name], ...why });
    }
  }
  return values;
}

/** `memory-stress`, or with what tells it from other entries of the same workload. */
function label(
  workload: Omit<ResolvedWorkload, 'label'>,
  all: readonly (typeof workload)[],
): string {
  const { definition, value } = workload;
  const others = all.filter((other) => other.definition.id === definition.id);
  const differing = Object.entries(definition.parameters).filter(([name]) =>
    others.some((other) => other.value.parameters[name] !== value.parameters[name]),
  );
  const parts = differing.map(([name, parameter]) => {
    const text = formatWorkloadParameter(parameter, value.parameters[name] ?? '');
    return `${name}=${labelText(text.replace(/\/s$/, ''))}`;
  });
  return [definition.id, ...parts].join('+');
}

/** Resolves all entries. `indices` gives their places in the plan as written. */
export async function resolveWorkloads(
  entries: PlanFile['workloads'],
  indices: readonly number[],
  lookup: WorkloadLookup,
  directory: string,
  problems: PlanProblem[],
): Promise<ResolvedWorkload[]> {
  const found: (Omit<ResolvedWorkload, 'label'> & { readonly given?: string })[] = [];
  for (const [position, written] of entries.entries()) {
    const path: PlanPath = ['workloads', indices[position] ?? position];
    const entry: Entry = typeof written === 'string' ? { id: written } : written;
    const result = await find(entry, path, lookup, directory);
    if ('reason' in result) {
      problems.push(typeof written === 'string' ? { ...result, path } : result);
      continue;
    }
    const { definition, own } = result;
    const before = problems.length;
    const parameters = parametersOf(entry, definition, path, problems);
    if (problems.length > before) continue;
    const faults = workloadFaults(definition, parameters);
    if (faults.length > 0) {
      const name = own === undefined ? definition.id : join(own.path, 'workload.js');
      problems.push(...faults.map((fault) => ({ path, reason: `${name}: ${fault}` })));
      continue;
    }
    const value = { id: definition.id, ...own, parameters };
    found.push({
      path,
      value,
      definition,
      ...(entry.label === undefined ? {} : { given: entry.label }),
    });
  }
  const labels = distinct(found.map((workload) => workload.given ?? label(workload, found)));
  return found.map(({ path, value, definition }, index) => ({
    path,
    value,
    definition,
    label: labels[index] ?? definition.id,
  }));
}
