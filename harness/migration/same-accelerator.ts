/** Whether what is left of a run may be measured under the accelerator that guests get now. */
import { MigbenchError } from '../errors.ts';
import type { AcceleratorChoice } from '../qemu/accelerator.ts';
import type { Environment } from '../record/schema.ts';

export interface MeasuredBefore {
  /** By a source QEMU's reference: what the guests of its recorded trials ran under. */
  readonly measuredUnder: ReadonlyMap<string, ReadonlySet<'kvm' | 'tcg'>>;
  readonly environment: Pick<Environment, 'accelerators'>;
}

/** @throws MigbenchError `record` where the cells of a QEMU would hold trials under KVM and under TCG. */
export function requireSameAccelerator(
  qemu: string,
  choice: AcceleratorChoice,
  { measuredUnder, environment }: MeasuredBefore,
): void {
  const other = [...(measuredUnder.get(qemu) ?? [])].find((name) => name !== choice.chosen);
  if (other === undefined) return;
  const noted = environment.accelerators.find((entry) => entry.qemu === qemu)?.reason;
  const because = (reason: string | undefined) => (reason === undefined ? '' : ` (${reason})`);
  throw new MigbenchError(
    'record',
    `Guests of ${qemu} ran under ${other.toUpperCase()} when the run began${because(other === 'tcg' ? noted : undefined)}, and ` +
      `would run under ${choice.chosen.toUpperCase()} now${because(choice.reason)}: trials of both cannot be compared. ` +
      'Resume it as it was begun, or start a new run.',
  );
}
