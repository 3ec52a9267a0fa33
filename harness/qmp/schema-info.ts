/** The reply to query-qmp-schema, as QEMU gives it: a flat list of entities that refer to one another by name. */

/** A member of an object, a variant of an alternate, or a value of an enum. */
export interface SchemaMember {
  readonly name?: string;
  /** The name of another entity; lists are `[name]`. */
  readonly type?: string;
  /** Present (as null) where the member may be left out. */
  readonly default?: unknown;
  /** `deprecated`, `unstable`. */
  readonly features?: readonly string[];
}

/** One entity. Which fields it has depends on `meta-type`; newer builds add fields. */
export interface SchemaInfo {
  /** Of commands and events: their own; of most types: a number that differs from build to build. */
  readonly name: string;
  readonly 'meta-type':
    'builtin' | 'enum' | 'array' | 'object' | 'alternate' | 'command' | 'event' | (string & {});
  /** builtin: `string`, `number`, `int`, `boolean`, `null`, `object`, `array`, `value`. */
  readonly 'json-type'?: string;
  /** enum: the values; up to 5.2 the only form, later beside `members`. */
  readonly values?: readonly string[];
  /** object, alternate; and enum, in newer builds. */
  readonly members?: readonly SchemaMember[];
  /** object: the member that decides between the variants. */
  readonly tag?: string;
  readonly variants?: readonly { readonly case: string; readonly type: string }[];
  readonly 'element-type'?: string;
  readonly 'arg-type'?: string;
  readonly 'ret-type'?: string;
  readonly 'allow-oob'?: boolean;
  readonly features?: readonly string[];
}
