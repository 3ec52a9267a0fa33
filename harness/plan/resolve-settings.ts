/** The settings of a plan: parameters in QMP's units, rules between capabilities checked. */
import { canonicalJson } from './canonical.ts';
import { capabilityNeededBy, convertParameter } from './parameter-units.ts';
import { unknownNames } from './known-names.ts';
import type { PlanPath, PlanProblem } from './problems.ts';
import {
  resolveTransport,
  type CommonTransport,
  type ResolvedTransport,
} from './resolve-transport.ts';
import { checkRules } from './rules.ts';
import type { PlanFile } from './schema.ts';
import { formatDuration } from '../units.ts';
import type { Cell, CellSpec, ParameterValue, PostcopyShape } from './types.ts';

/** A setting, ready for cells. */
export interface ResolvedSetting {
  readonly label: string;
  readonly path: PlanPath;
  readonly value: Pick<CellSpec, 'capabilities' | 'parameters'> &
    Partial<Pick<CellSpec, 'postcopy' | 'probes'>> &
    ResolvedTransport;
  readonly expect?: NonNullable<Cell['expect']>;
}

/** `probes: off` of a setting. */
const NO_PROBES: CellSpec['probes'] = { heartbeat: 'off', service: false, others: false };

/**
 * The probes of a plan, or of a setting that has some of its own.
 *
 * @param written with the heartbeat's period in ms.
 */
export function probesOf(
  written: Exclude<Setting['probes'], 'off'>,
  otherwise: CellSpec['probes'] = { heartbeat: 'auto', service: true },
): CellSpec['probes'] {
  const { heartbeat, service = otherwise.service } = written ?? {};
  return {
    heartbeat:
      typeof heartbeat === 'number'
        ? Math.round(heartbeat * 1000)
        : (heartbeat ?? otherwise.heartbeat),
    service,
  };
}

type Setting = NonNullable<PlanFile['settings'][string]>;
type Parameters = Record<string, ParameterValue>;

const EMPTY_SETTING: Setting = { capabilities: {}, parameters: {} };

/** Converts a `parameters:` mapping; problems are added to the list. */
function parametersOf(
  written: PlanFile['parameters'],
  path: PlanPath,
  problems: PlanProblem[],
): Parameters {
  const values: Parameters = {};
  for (const [name, value] of Object.entries(written)) {
    const converted = convertParameter(name, value);
    if (converted.ok) values[name] = converted.value;
    else {
      const { ok: _, ...why } = converted;
      problems.push({ path: [...path, name], ...why });
    }
  }
  return values;
}

function postcopyOf(written: NonNullable<Setting['postcopy']>): PostcopyShape {
  const start = written['start-after'];
  const { recover } = written;
  if (start === 'now') return { startAfter: { kind: 'now' }, recover };
  return start.time === undefined
    ? { startAfter: { kind: 'passes', passes: start.passes ?? 1 }, recover }
    : { startAfter: { kind: 'time', timeMs: start.time }, recover };
}

/** What a setting asks for to no effect. */
function idleParameters(setting: ResolvedSetting, own: readonly string[]): PlanProblem[] {
  return own.flatMap((name) => {
    const needed = capabilityNeededBy(name);
    if (needed === undefined || setting.value.capabilities[needed] === true) return [];
    const reason = `has no effect without the capability ${needed}`;
    return [{ path: [...setting.path, 'parameters', name], atKey: true, reason }];
  });
}

/** Post-copy that begins when pre-copy is cancelled, or later: never. */
function lateStart(
  setting: Setting,
  path: PlanPath,
  deadlineMs: number | undefined,
): PlanProblem[] {
  const start = setting.postcopy?.['start-after'];
  const timeMs = typeof start === 'object' ? start.time : undefined;
  if (timeMs === undefined || deadlineMs === undefined || timeMs < deadlineMs) return [];
  const reason =
    `post-copy never starts: a pre-copy is cancelled after the deadline of ${formatDuration(deadlineMs)}; ` +
    'choose an earlier time, or a later deadline';
  return [{ path: [...path, 'postcopy', 'start-after', 'time'], reason }];
}

/** Resolves all settings; problems and warnings are added to the lists. */
export async function resolveSettings(
  plan: Pick<PlanFile, 'settings' | 'parameters' | 'accelerator'> &
    CommonTransport & {
      readonly probes: CellSpec['probes'];
      readonly deadline?: number | undefined;
    },
  problems: PlanProblem[],
  warnings: PlanProblem[],
): Promise<ResolvedSetting[]> {
  const common = parametersOf(plan.parameters, ['parameters'], problems);
  warnings.push(...unknownNames('parameter', Object.keys(plan.parameters), ['parameters']));
  const resolved: ResolvedSetting[] = [];
  for (const [label, written] of Object.entries(plan.settings)) {
    const path: PlanPath = ['settings', label];
    const setting = written ?? EMPTY_SETTING;
    const before = problems.length;
    const own = parametersOf(setting.parameters, [...path, 'parameters'], problems);
    warnings.push(
      ...unknownNames('capability', Object.keys(setting.capabilities), [...path, 'capabilities']),
      ...unknownNames('parameter', Object.keys(setting.parameters), [...path, 'parameters']),
    );
    warnings.push(...lateStart(setting, path, plan.deadline));
    const wantsPostcopy = setting.capabilities['postcopy-ram'] === true;
    if (wantsPostcopy && setting.postcopy === undefined)
      warnings.push({
        path: [...path, 'capabilities', 'postcopy-ram'],
        atKey: true,
        reason:
          'post-copy starts after the first pass, because nothing else is said; ' +
          'write "postcopy: { start-after: { passes: 1 } }" to make it plain',
      });
    const postcopy =
      setting.postcopy === undefined
        ? wantsPostcopy
          ? postcopyOf({ 'start-after': { passes: 1 }, recover: false })
          : undefined
        : postcopyOf(setting.postcopy);
    const value = {
      capabilities: setting.capabilities,
      parameters: { ...common, ...own },
      ...(postcopy === undefined ? {} : { postcopy }),
      ...(setting.probes === undefined
        ? {}
        : { probes: setting.probes === 'off' ? NO_PROBES : probesOf(setting.probes, plan.probes) }),
      ...(await resolveTransport(setting, path, plan, problems)),
    };
    for (const { at, reason } of checkRules({ ...value, accelerator: plan.accelerator })) {
      const isCommon = at[0] === 'parameters' && !Object.hasOwn(own, at[1] ?? '');
      problems.push({ path: isCommon ? at : [...path, ...at], atKey: true, reason });
    }
    if (problems.length > before) continue;
    const ready: ResolvedSetting = {
      label,
      path,
      value,
      ...(setting.expect === undefined ? {} : { expect: setting.expect }),
    };
    warnings.push(...idleParameters(ready, Object.keys(own)));
    resolved.push(ready);
  }
  return resolved;
}

/** Entries of a dimension that describe the same thing twice. */
export function repeated(
  entries: readonly { readonly path: PlanPath; readonly value: unknown }[],
): PlanProblem[] {
  const first = new Map<string, string>();
  return entries.flatMap(({ path, value }) => {
    const key = canonicalJson(value);
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, path.join('.'));
      return [];
    }
    const reason = `the same as ${earlier}: each of its cells would be run twice; remove one`;
    return [{ path, reason }];
  });
}
