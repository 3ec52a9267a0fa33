/** What the settings that do converge cost: all of a few, and of many the quickest and the one that pauses least. */
import type { Metric } from '../../harness/analysis/metrics.ts';
import { formatDuration } from '../../harness/units.ts';
import type { ReportCell } from '../cell.ts';
import { blackoutAboveFloor } from '../format.ts';
import { exactMedian, rangeOf, type Situation } from './situation.ts';
import { FAR_APART_FACTOR } from './standstill.ts';
import { figureText, listed } from './words.ts';
import { LEAST_LOST_MS } from './work.ts';

/** Settings whose costs are all said; of more, two are: the trade-off chart has the others. */
const MOST_COSTS = 3;

/** ` There, postcopy takes 4 s, pauses the guest 9 ms and costs 1.4 s of work; …`; empty where nothing is known. */
export function choicesAt(
  where: string,
  settings: readonly string[],
  places: readonly Situation[],
): string {
  const cellsOf = (setting: string) =>
    places.flatMap(({ cells }) => cells.filter(({ labels }) => labels.setting === setting));
  const parts = worthSaying(settings, cellsOf).flatMap(({ setting, as }) => {
    const said = costOf(cellsOf(setting));
    return said === '' ? [] : [`${setting}${as} ${said}`];
  });
  return parts.length === 0 ? '' : ` ${where}, ${parts.join('; ')}.`;
}

function worthSaying(
  settings: readonly string[],
  cellsOf: (setting: string) => readonly ReportCell[],
): readonly { readonly setting: string; readonly as: string }[] {
  if (settings.length <= MOST_COSTS) return settings.map((setting) => ({ setting, as: '' }));
  const least = (key: Metric['key']) =>
    settings
      .flatMap((setting) => {
        const values = cellsOf(setting).flatMap((cell) => exactMedian(cell, key) ?? []);
        return values.length === 0 ? [] : [{ setting, most: Math.max(...values) }];
      })
      .toSorted((a, b) => a.most - b.most)[0]?.setting;
  const quickest = least('totalTimeMs');
  const gentlest = least('pauseMs');
  if (quickest !== undefined && quickest === gentlest) {
    return [{ setting: quickest, as: ', the quickest and with the shortest pause,' }];
  }
  // One of them may be unknown: a probe that failed costs its own words.
  return [
    ...(quickest === undefined ? [] : [{ setting: quickest, as: ', the quickest,' }]),
    ...(gentlest === undefined ? [] : [{ setting: gentlest, as: ', with the shortest pause,' }]),
  ];
}

/** Over the cells of one setting, one per QEMU: ranges of their medians; only the silence is the longest of any trial. */
function costOf(cells: readonly ReportCell[]): string {
  const medians = (key: Metric['key']) => cells.flatMap((cell) => exactMedian(cell, key) ?? []);
  const pauses = medians('pauseMs');
  const seen = cells.filter((cell) => blackoutAboveFloor(cell) !== undefined);
  const blackouts = seen.flatMap((cell) => blackoutAboveFloor(cell) ?? []);
  const longest = rangeOf(seen, 'blackoutMs')?.max;
  const lost = medians('workloadLostSeconds').map((seconds) => seconds * 1000);
  const silent =
    longest !== undefined && Math.max(...blackouts) > FAR_APART_FACTOR * Math.max(0, ...pauses);
  return listed([
    ...durations('takes', medians('totalTimeMs')),
    ...durations('pauses the guest', pauses),
    ...(silent ? [`leaves it silent for up to ${figureText(longest)}`] : []),
    ...(Math.max(0, ...lost) < LEAST_LOST_MS ? [] : durations('costs', lost, ' of work')),
  ]);
}

function durations(words: string, values: readonly number[], after = ''): readonly string[] {
  if (values.length === 0) return [];
  const [low, high] = [Math.min(...values), Math.max(...values)].map(formatDuration);
  return [`${words} ${low === high ? low : `${low} to ${high}`}${after}`];
}
