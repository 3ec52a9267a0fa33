/** What a trial's migration really ran with: QEMU's answers where there are any, else what was asked for. */
import type { TrialRecord } from '../harness/record/schema.ts';

type Qemu = TrialRecord['qemu']['source'];

/** A build as QEMU names itself: `10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)`. */
export function qemuName(qemu: Pick<Qemu, 'version' | 'package'>): string {
  return qemu.package === '' ? qemu.version : `${qemu.version} (${qemu.package})`;
}

/** The capabilities that were on, sorted by name. */
export function enabledCapabilities(record: TrialRecord): readonly string[] {
  const settings = record.effective?.source ?? record.requested;
  return Object.keys(settings.capabilities)
    .filter((name) => settings.capabilities[name] === true)
    .toSorted();
}

/** The effective value of a parameter in QMP's unit, or `unlimited`; `undefined` where it is not known. */
export function effectiveParameter(record: TrialRecord, name: string): number | string | undefined {
  const value = record.effective?.source.parameters[name] ?? record.requested.parameters[name];
  return typeof value === 'boolean' ? String(value) : value;
}
