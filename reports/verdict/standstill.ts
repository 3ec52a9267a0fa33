/** Rules: guests that stood still for longer than allowed, or than QEMU says. */
import { formatDuration } from '../../harness/units.ts';
import type { Dimension, ReportCell } from '../cell.ts';
import { blackoutAboveFloor } from '../format.ts';
import type { Finding } from './finding.ts';
import { exactMedian } from './situation.ts';
import { cellName, verb } from './words.ts';

/** Figures that differ by less are the same to whoever reads a verdict. */
const FAR_APART_MS = 50;
export const FAR_APART_FACTOR = 2;

/** Pauses longer than the downtime limit that the migration was given. */
export function longerThanAllowed(
  cells: readonly ReportCell[],
  dimensions: readonly Dimension[],
): readonly Finding[] {
  const paused = cells.flatMap((cell) => {
    const pause = exactMedian(cell, 'pauseMs');
    return pause === undefined ? [] : [{ cell, pause }];
  });
  const over = paused.flatMap(({ cell, pause }) => {
    const limit = cell.records.find(({ effective }) => effective !== undefined)?.effective?.source
      .parameters['downtime-limit'];
    // Less than the sentence has digits for would read as 300 ms where 300 ms was allowed.
    return typeof limit === 'number' &&
      limit > 0 &&
      pause > limit &&
      formatDuration(pause) !== formatDuration(limit)
      ? [{ cell, pause, limit }]
      : [];
  });
  const worst = over.toSorted((a, b) => b.pause / b.limit - a.pause / a.limit)[0];
  if (worst === undefined) return [];
  const where =
    over.length === 1 && paused.length === 1
      ? 'The guest'
      : `In ${over.length} of ${paused.length} cells the guest`;
  return [
    {
      level: 'warning',
      rule: 'over-limit',
      text: `${where} stood still longer than its downtime limit${over.length === 1 ? ': ' : '; worst is '}${cellName(worst.cell, dimensions)}, ${formatDuration(worst.pause)} where ${formatDuration(worst.limit)} was allowed.`,
    },
  ];
}

/** QEMU's downtime far below what events or heartbeat saw. */
export function reportedTooLow(
  cells: readonly ReportCell[],
  dimensions: readonly Dimension[],
): readonly Finding[] {
  const off = cells.flatMap((cell) => {
    const reported = exactMedian(cell, 'downtimeMs');
    const blackout = blackoutAboveFloor(cell);
    const seen = blackout ?? exactMedian(cell, 'pauseMs');
    if (reported === undefined || seen === undefined) return [];
    const what = blackout === undefined ? 'events show a pause of' : 'a client saw silence for';
    return seen - reported > FAR_APART_MS && seen > FAR_APART_FACTOR * reported
      ? [{ cell, reported, seen, what }]
      : [];
  });
  const worst = off.toSorted((a, b) => b.seen - b.reported - (a.seen - a.reported))[0];
  if (worst === undefined) return [];
  const others = off.length - 1;
  return [
    {
      level: 'warning',
      rule: 'reported-too-low',
      text: `Do not trust the reported downtime alone: in ${cellName(worst.cell, dimensions)}, QEMU reports ${worst.reported === 0 ? '0 ms' : formatDuration(worst.reported)} where ${worst.what} ${formatDuration(worst.seen)}${others === 0 ? '' : `; ${others} more ${verb(others, 'cell is', 'cells are')} like it`}.`,
    },
  ];
}
