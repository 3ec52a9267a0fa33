/** Calibrations of several guests. */
import { MigbenchError } from '../errors.ts';
import type { TrialRecord } from '../record/schema.ts';
import { formatBytes } from '../units.ts';
import { calibrate } from './calibrate.ts';
import type { Calibration } from './calibration.ts';
import type { Card } from './card.ts';
import { isOf } from './validation.ts';

/** A calibration, and the idle guest that it was made with. */
export interface GuestCalibration {
  readonly card: Card;
  readonly calibration: Calibration;
}

/**
 * One for each guest, QEMU version and accelerator among the records.
 *
 * @param records of idle guests; those that did not complete do not count.
 * @param cards among which are those of the same idle guests.
 * @throws MigbenchError `record` where a card is missing, or too few migrations completed.
 */
export function calibrationsOf(
  records: readonly TrialRecord[],
  cards: readonly Card[],
  createdAt: string,
): GuestCalibration[] {
  const completed = records.filter(({ outcome }) => outcome.kind === 'completed');
  const found = new Map<Card, TrialRecord[]>();
  for (const record of completed) {
    const card = cards.find((one) => one.workload === 'idle' && isOf(one, record));
    if (card === undefined) throw missing(record);
    found.set(card, [...(found.get(card) ?? []), record]);
  }
  if (found.size === 0) {
    throw new MigbenchError(
      'record',
      `None of the ${records.length} migrations that calibrate completed: look at their record.`,
    );
  }
  return [...found].map(([card, own]) => ({
    card,
    calibration: calibrate(own, card, createdAt),
  }));
}

function missing({ qemu, guest, accelerator }: TrialRecord): MigbenchError {
  return new MigbenchError(
    'record',
    `Calibrating QEMU ${qemu.source.version} needs a card of the idle workload made with it, for a guest of ` +
      `${formatBytes(guest.memoryBytes)} and ${guest.vcpus} vCPU under ${accelerator?.toUpperCase() ?? 'an accelerator that it does not name'}; found none among the cards. ` +
      'migbench characterize makes one of a plan with the workload idle.',
  );
}
