/** Why a cell is not prepared: what it asks for that a build, this host or this sandbox has not. */
import { isDiskFull, MigbenchError } from '../errors.ts';
import { checkRules, rulesForBuild } from '../plan/rules.ts';
import type { Cell } from '../plan/types.ts';
import type { AcceleratorChoice } from '../qemu/accelerator.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';
import type { Refusal } from '../qemu/schema-refusal.ts';
import type { Outcome } from '../record/schema.ts';

/**
 * What becomes of the trials of a cell that could not be prepared; `undefined` for what concerns the whole run.
 *
 * A machine that QEMU does not start (`host-unfit`, `plan-invalid`) is something this build or host cannot do; a guest
 * that does not come up or a QEMU that breaks off says nothing about a migration.
 */
export function outcomeOf(error: unknown): Outcome | undefined {
  if (!(error instanceof MigbenchError) || isDiskFull(error.cause)) return undefined;
  const detail = error.message;
  switch (error.code) {
    case 'plan-invalid':
    case 'host-unfit':
      return { kind: 'skipped', reason: 'not-supported', detail };
    case 'guest':
    case 'qmp-timeout':
    case 'qmp-closed':
    case 'qmp-protocol':
    case 'qmp-command':
      return { kind: 'invalid', reason: 'workload-not-running', detail };
    default:
      return undefined;
  }
}

/** A dirty ring is KVM's; with `accelerator: auto` it is known only now that there is none. */
export function withoutRing(
  { spec }: Cell,
  { chosen, reason }: AcceleratorChoice,
): Outcome | undefined {
  if (spec.guest.dirtyRing === undefined || chosen === 'kvm') return undefined;
  return {
    kind: 'skipped',
    reason: 'host-forbids',
    detail: `The guest's dirty-ring needs KVM, and guests run under TCG here: ${reason ?? 'unknown reason'}`,
  };
}

/** What needs a migration link of its own. */
export function modeRefusal(
  { spec: { postcopy } }: Cell,
  mode: 'namespaces' | 'loopback',
): Refusal | undefined {
  if (mode === 'namespaces' || (postcopy?.recover ?? false) === false) return undefined;
  return {
    reason: 'mode-forbids',
    detail: 'postcopy.recover cuts the migration link, and in loopback mode there is none.',
    remedy: 'Allow namespaces, as environment.json says under "notes".',
  };
}

/** What no setting of this version allows, by the rules between settings. */
export function ruleRefusal(cell: Cell, build: QemuBuild): Refusal | undefined {
  const [violation] = checkRules(cell.spec, rulesForBuild(build.version));
  if (violation === undefined) return undefined;
  return {
    reason: 'not-supported',
    detail: `${build.reference} (QEMU ${build.version}): ${violation.reason}`,
  };
}
