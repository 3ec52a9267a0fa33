/**
 * What a build lacks for a cell's settings, by its own schema: names, kinds of values and choices. Ranges are in no
 * schema; those the build is asked to accept (abilities.ts).
 *
 * Nothing here knows a version: a capability, parameter or choice that only a later QEMU has is accepted from it.
 */
import { missingSettings } from '../migration/settings.ts';
import { nearestName } from '../plan/nearest.ts';
import type { CellSpec } from '../plan/types.ts';
import { mismatch, toQmp, type ValueType } from '../qmp/index.ts';
import type { SkipReason } from '../record/schema.ts';

/** Why a build cannot do a cell here. */
export interface Refusal {
  readonly reason: SkipReason;
  /** What is missing or refused, in QEMU's own words where it has some. */
  readonly detail: string;
  readonly remedy?: string;
}

/** What a build has, as far as a plan's settings go. */
export interface SettingsSchema {
  readonly capabilities: readonly string[];
  readonly parameterTypes: Readonly<Record<string, ValueType>>;
}

/**
 * Why a build cannot take a cell's settings; `undefined` where its schema has no objection.
 *
 * @param build how the build is called in the answer.
 */
export function schemaRefusal(
  spec: Pick<CellSpec, 'capabilities' | 'parameters'>,
  schema: SettingsSchema,
  build: string,
): Refusal | undefined {
  const { capabilities, parameterTypes } = schema;
  const parameters = Object.keys(parameterTypes);
  const missing = missingSettings(spec, { capabilities, parameters });
  const [capability] = missing.capabilities;
  if (capability !== undefined) {
    return lacking('capability-missing', 'migration capability', capability, capabilities, build);
  }
  const [parameter] = missing.parameters;
  if (parameter !== undefined) {
    return lacking('parameter-missing', 'migration parameter', parameter, parameters, build);
  }
  for (const [name, value] of Object.entries(spec.parameters)) {
    const type = parameterTypes[name];
    const sent = toQmp(name, value);
    const objection = type === undefined ? undefined : mismatch(type, sent);
    if (objection === undefined) continue;
    const hint = typeof sent === 'string' ? suggestion(sent, type?.values ?? []) : '';
    return {
      reason: 'parameter-refused',
      detail: `${build}: the migration parameter ${name} ${objection}; found ${JSON.stringify(sent)}${hint}.`,
    };
  }
  return undefined;
}

function lacking(
  reason: SkipReason,
  what: string,
  name: string,
  known: readonly string[],
  build: string,
): Refusal {
  return { reason, detail: `${build} has no ${what} "${name}"${suggestion(name, known)}.` };
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
}
