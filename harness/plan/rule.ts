/** What a rule between settings is, and the commonest kinds. */
import type { CellSpec, GuestShape } from './types.ts';

/** What a rule looks at; `guest` is absent while a setting is checked on its own. */
export type RuleSubject = Pick<
  CellSpec,
  'accelerator' | 'capabilities' | 'parameters' | 'transport'
> &
  Partial<Pick<CellSpec, 'postcopy'>> & { readonly guest?: GuestShape };

/** One rule between settings. */
export interface SettingRule {
  /** Kebab-case name, stable. */
  readonly id: string;
  /** Why the combination is refused, and what to do. */
  readonly reason: string;
  /** The first QEMU version (major.minor) that allows it; absent = no version does. */
  readonly before?: string;
  /** Where in the setting the rule is broken; `undefined` where it holds. */
  readonly brokenAt: (subject: RuleSubject) => readonly string[] | undefined;
}

/** Whether a setting switches a capability on. */
export const on = (subject: RuleSubject, capability: string): boolean =>
  subject.capabilities[capability] === true;

/** Where in a setting a capability is. */
export const capability = (name: string): readonly string[] => ['capabilities', name];

/** A rule that capability `name` breaks under a condition. */
export const refuse = (
  id: string,
  name: string,
  condition: (subject: RuleSubject) => boolean,
  reason: string,
  before?: string,
): SettingRule => ({
  id,
  reason,
  ...(before === undefined ? {} : { before }),
  brokenAt: (subject) => (on(subject, name) && condition(subject) ? capability(name) : undefined),
});

/** A rule that two capabilities do not go together; the second is the one to leave out. */
export const excludes = (first: string, second: string, before?: string): SettingRule =>
  refuse(
    `${first}-excludes-${second}`,
    second,
    (subject) => on(subject, first),
    before === undefined
      ? `${second} cannot be combined with ${first}; make two settings of them`
      : `QEMU before ${before} cannot combine ${second} with ${first}`,
    before,
  );

/** A rule that capability `name` does nothing without another. */
export const needs = (name: string, other: string): SettingRule =>
  refuse(
    `${name}-needs-${other}`,
    name,
    (subject) => !on(subject, other),
    `${name} needs the capability ${other}: add "${other}: true"`,
  );
