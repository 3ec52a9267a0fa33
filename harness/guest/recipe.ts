/** What a saved guest depends on: when anything here changes, so does the key, and another template is made. */
import { createHash } from 'node:crypto';
import type { ParameterValues, WorkloadDefinition } from '../../workloads/types.ts';
import type { GuestShape } from '../plan/types.ts';
import { canonicalJson } from '../plan/canonical.ts';
import type { QemuBuild } from '../qemu/builds/index.ts';

export interface GuestRecipe {
  /** The build that boots and saves the guest: the source of its trials. */
  readonly build: QemuBuild;
  readonly machineType: string;
  readonly accelerator: 'kvm' | 'tcg';
  readonly cpu: string;
  readonly shape: GuestShape;
  /** Content address of the guest image. */
  readonly imageKey: string;
  readonly workload: WorkloadDefinition;
  readonly parameters: ParameterValues;
}

/** Content address of the saved guest, 16 hex digits. */
export function recipeKey(recipe: GuestRecipe): string {
  const { build, workload, ...rest } = recipe;
  const canonical = canonicalJson({ ...rest, build: build.sha256, workload: workload.id });
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16);
}
