/** Rules: what does not converge, where, what does there, and where there is nothing to choose. */
import { formatDuration } from '../../harness/units.ts';
import type { Dimension, ReportCell } from '../cell.ts';
import { groupsOf } from '../groups.ts';
import { choicesAt } from './choices.ts';
import type { Finding } from './finding.ts';
import { converges, exactMedian, longestOf, stalls, type Situation } from './situation.ts';
import { cellName, listed, shortList, verb } from './words.ts';

/** Sentences on what does not converge; a plan may have hundreds, and the convergence map shows all. */
const MOST_SENTENCES = 6;

/** What makes two situations alike to a reader: the settings that fail in them, and those that do not. */
function patternOf({ cells }: Situation): string {
  const named = (some: readonly ReportCell[]) => some.map(({ labels }) => labels.setting);
  return JSON.stringify([named(cells.filter(stalls)), named(cells.filter(converges))]);
}

/** Where settings ran into their deadline, on which links, what did converge there, and at which cost. */
export function doNotConverge(situations: readonly Situation[]): readonly Finding[] {
  const stalled = situations.filter(({ cells }) => cells.some(stalls));
  const all = [...groupsOf(stalled, ({ subject }) => subject)].flatMap(([subject, places]) => {
    const tried = situations.filter((situation) => situation.subject === subject);
    return [...groupsOf(places, patternOf).values()].map((alike) => stallText(alike, tried));
  });
  const rest = all.length - MOST_SENTENCES;
  const said = rest > 1 ? all.slice(0, MOST_SENTENCES) : all;
  return [
    ...said,
    ...(rest > 1
      ? [`${rest} more combinations do not converge: the convergence map has them.`]
      : []),
  ].map((text) => ({ level: 'warning', rule: 'not-converged', text }));
}

/** One workload, and the situations in which the same settings fail. */
function stallText(
  alike: readonly [Situation, ...Situation[]],
  tried: readonly Situation[],
): string {
  const slowest = Math.min(...alike.map(({ bandwidth }) => bandwidth));
  const worst = alike.filter(({ bandwidth }) => bandwidth === slowest);
  const cells = worst[0]?.cells ?? [];
  const failing = cells.filter(stalls).map(({ labels }) => labels.setting);
  const helping = cells.filter(converges).map(({ labels }) => labels.setting);
  const never = alike.every((situation) =>
    situation.cells.filter(stalls).every(({ completed }) => completed?.k === 0),
  );
  const others =
    helping.length > 0
      ? `; ${shortList(helping)} ${verb(helping.length, 'does', 'do')}.`
      : cells.length > failing.length
        ? '; no other setting was seen to converge there.'
        : '; nothing else was tried there.';
  const where = new Set(alike.map(({ link }) => link)).size > 1 ? `At ${worst[0]?.link}` : 'There';
  return (
    `${alike[0].subject} ${never ? 'does not converge' : 'does not always converge'} ` +
    `${whereOf(alike, tried, failing)} with ${shortList(failing, 'or')}${qemusOf(alike, tried)}${others}` +
    choicesAt(where, helping, worst)
  );
}

/** The links by name, and the slowest one on which the same settings did converge: between them nothing was tried. */
function whereOf(
  stalled: readonly Situation[],
  all: readonly Situation[],
  settings: readonly string[],
): string {
  const links = (some: readonly Situation[]) => [...new Set(some.map(({ link }) => link))];
  const failing = links(stalled);
  if (failing.length > 2 && failing.length === links(all).length) return 'on any link tried';
  const fastest = Math.max(...stalled.map(({ bandwidth }) => bandwidth));
  const enough = all
    .filter(
      ({ bandwidth, cells }) =>
        bandwidth > fastest &&
        settings.every((name) =>
          cells.some((cell) => cell.labels.setting === name && converges(cell)),
        ),
    )
    .toSorted((a, b) => a.bandwidth - b.bandwidth)[0];
  const names = `at ${shortList(failing)}`;
  return enough === undefined ? names : `${names} (it does at ${enough.link})`;
}

/** Which QEMUs it was, where only some of those tried. */
function qemusOf(stalled: readonly Situation[], all: readonly Situation[]): string {
  const names = (some: readonly Situation[]) => [...new Set(some.map(({ qemu }) => qemu))];
  const failing = names(stalled);
  return failing.length === names(all).length ? '' : ` on ${shortList(failing)}`;
}

/** Workloads for which there is nothing to choose: every setting that was tried completed on every link. */
export function everythingConverges(
  situations: readonly Situation[],
  dimensions: readonly Dimension[],
): readonly Finding[] {
  const bySubject = [...groupsOf(situations, ({ subject }) => subject)].flatMap(
    ([subject, places]) => {
      const counted = places.flatMap(({ cells }) => cells).filter(({ completed }) => completed);
      return counted.length > 0 && counted.every(converges) ? [{ subject, counted }] : [];
    },
  );
  if (bySubject.length === 0) return [];
  const counted = bySubject.flatMap((entry) => entry.counted);
  const totals = counted.flatMap((cell) => exactMedian(cell, 'totalTimeMs') ?? []);
  const longest = longestOf(counted, 'pauseMs');
  const subjects = bySubject.map(({ subject }) => subject);
  const ends = [Math.min(...totals), Math.max(...totals)].map(formatDuration);
  const times = totals.length === 0 ? '' : ` in ${listed([...new Set(ends)], 'to')}`;
  const several = new Set(counted.map(({ labels }) => labels.setting)).size > 1;
  const pause =
    longest === undefined
      ? '.'
      : `; the longest pause is ${formatDuration(longest.value)}${counted.length === 1 ? '' : ` (${cellName(longest.cell, dimensions)})`}.`;
  return [
    {
      level: 'good',
      rule: 'converges',
      text:
        `${shortList(subjects)} ${verb(subjects.length, 'completes', 'complete')}` +
        (several ? ` with every setting tried${times === '' ? '' : ','}` : '') +
        times +
        pause,
    },
  ];
}
