/** The schema's findings in words: zod issues become problems with a reason and the nearest valid name. */
import type { z } from 'zod';
import { nearestName } from './nearest.ts';
import type { PlanPath, PlanProblem } from './problems.ts';
import { planJsonSchema } from './schema.ts';

type Issue = z.core.$ZodIssue;
type SchemaNode = z.core.JSONSchema.BaseSchema;

const isNode = (value: unknown): value is SchemaNode => typeof value === 'object' && value !== null;

/** The alternatives of a schema node, itself included. */
const alternatives = (node: SchemaNode): SchemaNode[] => [
  node,
  ...(node.anyOf ?? []).filter(isNode).flatMap(alternatives),
];

/** The keys that the schema knows at a path, over all alternatives. */
function knownKeys(path: PlanPath): string[] {
  let nodes = alternatives(planJsonSchema());
  for (const key of path)
    nodes = nodes
      .flatMap(({ properties, items, additionalProperties }) => [
        properties?.[key] ?? additionalProperties,
        items,
      ])
      .filter(isNode)
      .flatMap(alternatives);
  return [...new Set(nodes.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

/** What a value is, as a person would call it. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  return JSON.stringify(value) ?? typeof value;
}

const EXPECTED: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** The value at a path of plain data. */
export function valueAt(data: unknown, path: PlanPath): unknown {
  let value = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** Whether an alternative of a union was refused for the kind of its value alone. */
const isWrongKind = (issues: readonly Issue[]): boolean =>
  issues.length === 1 &&
  issues.every(
    (issue) =>
      issue.path.length === 0 &&
      (issue.code === 'invalid_type' ||
        issue.code === 'invalid_value' ||
        (issue.code === 'invalid_union' && issue.errors.every(isWrongKind))),
  );

/** What the alternatives of a union would have accepted. */
function expectedBy(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [EXPECTED[issue.expected] ?? issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map((value) => JSON.stringify(value));
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(expectedBy);
  return [];
}

function missing(path: PlanPath): PlanProblem {
  const parent = path.slice(0, -1);
  const missingKey = String(path.at(-1));
  const where = parent.length === 0 ? 'the plan' : 'this mapping';
  return { path: parent, missingKey, reason: `${where} needs "${missingKey}", which is missing` };
}

function choice(issue: Issue & { code: 'invalid_value' }, path: PlanPath, value: unknown) {
  const values = issue.values.map(String);
  const suggestion = nearestName(String(value), values);
  const reason = `${kindOf(value)} is not one of ${values.join(', ')}`;
  return suggestion === undefined ? { path, reason } : { path, reason, suggestion };
}

function unknownKey(path: PlanPath, key: string): PlanProblem {
  const valid = knownKeys(path);
  const suggestion = nearestName(key, valid);
  return {
    path: [...path, key],
    atKey: true,
    reason: `unknown key "${key}"; the valid ones are ${valid.join(', ')}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function shapeOfKey(issue: Issue & { code: 'invalid_key' }, path: PlanPath): PlanProblem {
  const key = String(path.at(-1));
  const words = key
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9+]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const reason = `"${key}" is not possible as a name: ${issue.issues[0]?.message ?? issue.message}`;
  return { path, atKey: true, reason, ...(words === '' ? {} : { suggestion: words }) };
}

/** One issue as problems, with its path below `base`. */
function translate(issue: Issue, base: PlanPath, data: unknown): PlanProblem[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  const value = valueAt(data, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key));
    case 'invalid_type':
      if (value === undefined && path.length > 0) return [missing(path)];
      return [{ path, reason: `expected ${expectedBy(issue).join()}, found ${kindOf(value)}` }];
    case 'invalid_value':
      return [choice(issue, path, value)];
    case 'invalid_key':
      return [shapeOfKey(issue, path)];
    case 'invalid_union': {
      const only = issue.errors.find((errors) => !isWrongKind(errors));
      if (only !== undefined) return only.flatMap((inner) => translate(inner, path, data));
      if (value === undefined) return [missing(path)];
      const expected = [...new Set(expectedBy(issue))].join(' or ');
      return [{ path, reason: `expected ${expected}, found ${kindOf(value)}` }];
    }
    case 'too_small':
      if (issue.origin === 'number' || issue.origin === 'int')
        return [{ path, reason: `must be at least ${issue.minimum}, found ${kindOf(value)}` }];
      return [{ path, reason: issue.message }];
    case 'too_big':
      return [{ path, reason: `must be at most ${issue.maximum}, found ${kindOf(value)}` }];
    case 'custom': {
      const suggestion: unknown = issue.params?.['suggestion'];
      return [
        {
          path,
          reason: issue.message,
          ...(typeof suggestion === 'string' ? { suggestion } : {}),
        },
      ];
    }
    case 'invalid_format':
      return [{ path, reason: `${kindOf(value)}: ${issue.message}` }];
    default:
      return [{ path, reason: issue.message }];
  }
}

/** All issues of a validation as problems. A key that is only misspelt is not reported as missing too. */
export function problemsOf(issues: readonly Issue[], data: unknown): PlanProblem[] {
  const problems = issues.flatMap((issue) => translate(issue, [], data));
  const misspelt = new Set(
    problems
      .filter(({ atKey, suggestion }) => atKey === true && suggestion !== undefined)
      .map(({ path, suggestion }) => [...path.slice(0, -1), suggestion].join('\n')),
  );
  return problems.filter(
    ({ path, missingKey }) =>
      missingKey === undefined || !misspelt.has([...path, missingKey].join('\n')),
  );
}
