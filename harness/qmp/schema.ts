/**
 * What a QEMU build can do, from its own query-qmp-schema: never from a table of versions.
 *
 * Most types in that reply are named by numbers that differ from build to build, so everything is found by following
 * references from the commands, whose names do not change.
 */
import type { SchemaInfo, SchemaMember } from './schema-info.ts';

/** What a member accepts, as JSON. */
export interface ValueType {
  readonly kind: 'integer' | 'number' | 'boolean' | 'string' | 'enum' | 'list' | 'object' | 'any';
  /** enum: the values this build knows. */
  readonly values?: readonly string[];
  /** Whether `null` is accepted too (QEMU's StrOrNull: unset). */
  readonly nullable: boolean;
  /** Whether it may be left out. */
  readonly optional: boolean;
  /** Whether QEMU may change or drop it without notice. */
  readonly unstable: boolean;
  readonly deprecated: boolean;
}

/** What a build has, as plain data that can be kept as JSON. */
export interface BuildDescription {
  readonly commands: readonly string[];
  readonly events: readonly string[];
  /** Migration capabilities that migrate-set-capabilities takes. */
  readonly capabilities: readonly string[];
  /** Migration parameters that migrate-set-parameters takes, by name. */
  readonly parameters: Readonly<Record<string, ValueType>>;
  /** States that query-migrate can give. */
  readonly migrationStatuses: readonly string[];
  /** Top-level fields that query-migrate can give. */
  readonly migrationFields: readonly string[];
  /** Arguments of migrate-incoming, by name; `exit-on-error` says whether a destination can outlive a failure. */
  readonly migrateIncomingArguments: Readonly<Record<string, ValueType>>;
}

/** Read a build's abilities off its schema. What the schema lacks is empty, not an error. */
export function describeBuild(schema: readonly SchemaInfo[]): BuildDescription {
  const index = new Map(schema.map((entity) => [entity.name, entity]));
  const capability = memberOf(
    index,
    elementOf(
      index,
      memberOf(index, typeOf(index, 'migrate-set-capabilities', 'arg-type'), 'capabilities'),
    ),
    'capability',
  );
  const migration = typeOf(index, 'query-migrate', 'ret-type');
  return {
    commands: namesOf(schema, 'command'),
    events: namesOf(schema, 'event'),
    capabilities: enumValues(capability),
    parameters: argumentsOf(index, 'migrate-set-parameters'),
    migrationStatuses: enumValues(memberOf(index, migration, 'status')),
    migrationFields: (migration?.members ?? []).flatMap(({ name }) => name ?? []),
    migrateIncomingArguments: argumentsOf(index, 'migrate-incoming'),
  };
}

/** The arguments of any command, by name; empty where it takes none, `undefined` where the build lacks it. */
export function commandArguments(
  schema: readonly SchemaInfo[],
  command: string,
): Readonly<Record<string, ValueType>> | undefined {
  const index = new Map(schema.map((entity) => [entity.name, entity]));
  return index.has(command) ? argumentsOf(index, command) : undefined;
}

/** Why a build would refuse a value for such a member, as the end of a sentence; `undefined` where it would not. */
export function mismatch(type: ValueType, value: unknown): string | undefined {
  if (value === null) return type.nullable || type.kind === 'any' ? undefined : 'may not be null';
  switch (type.kind) {
    case 'integer':
      return Number.isSafeInteger(value) ? undefined : 'must be an integer';
    case 'number':
      return typeof value === 'number' ? undefined : 'must be a number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'string':
      return typeof value === 'string' ? undefined : 'must be text';
    case 'enum':
      return typeof value === 'string' && type.values?.includes(value) === true
        ? undefined
        : `must be one of ${(type.values ?? []).join(', ')}`;
    case 'list':
      return Array.isArray(value) ? undefined : 'must be a list';
    case 'object':
      return typeof value === 'object' && !Array.isArray(value) ? undefined : 'must be an object';
    case 'any':
      return undefined;
  }
}

type Index = ReadonlyMap<string, SchemaInfo>;

function namesOf(schema: readonly SchemaInfo[], metaType: string): string[] {
  return schema.filter((entity) => entity['meta-type'] === metaType).map(({ name }) => name);
}

function typeOf(
  index: Index,
  command: string,
  end: 'arg-type' | 'ret-type',
): SchemaInfo | undefined {
  return index.get(index.get(command)?.[end] ?? '');
}

function memberOf(
  index: Index,
  entity: SchemaInfo | undefined,
  name: string,
): SchemaInfo | undefined {
  return index.get(entity?.members?.find((member) => member.name === name)?.type ?? '');
}

function elementOf(index: Index, entity: SchemaInfo | undefined): SchemaInfo | undefined {
  return index.get(entity?.['element-type'] ?? '');
}

function enumValues(entity: SchemaInfo | undefined): readonly string[] {
  return entity?.values ?? (entity?.members ?? []).flatMap(({ name }) => name ?? []);
}

function argumentsOf(index: Index, command: string): Record<string, ValueType> {
  const members = typeOf(index, command, 'arg-type')?.members ?? [];
  return Object.fromEntries(
    members.flatMap((member) =>
      member.name === undefined ? [] : [[member.name, valueType(index, member)] as const],
    ),
  );
}

function valueType(index: Index, member: SchemaMember): ValueType {
  const flags = {
    optional: 'default' in member,
    unstable: member.features?.includes('unstable') ?? false,
    deprecated: member.features?.includes('deprecated') ?? false,
  };
  const entity = index.get(member.type ?? '');
  if (entity?.['meta-type'] !== 'alternate') return { ...shape(entity), nullable: false, ...flags };
  const variants = (entity.members ?? []).map(({ type }) => index.get(type ?? ''));
  const values = variants.filter((variant) => variant?.['json-type'] !== 'null');
  return {
    ...(values.length === 1 ? shape(values[0]) : { kind: 'any' as const }),
    nullable: values.length < variants.length,
    ...flags,
  };
}

function shape(entity: SchemaInfo | undefined): Pick<ValueType, 'kind' | 'values'> {
  switch (entity?.['meta-type']) {
    case 'enum':
      return { kind: 'enum', values: enumValues(entity) };
    case 'array':
      return { kind: 'list' };
    case 'object':
      return { kind: 'object' };
    case 'builtin':
      return { kind: BUILTIN_KINDS[entity['json-type'] ?? ''] ?? 'any' };
    default:
      return { kind: 'any' };
  }
}

const BUILTIN_KINDS: Readonly<Record<string, ValueType['kind']>> = {
  int: 'integer',
  number: 'number',
  boolean: 'boolean',
  string: 'string',
};
