/** Rules: what does not converge, where, what does there, and where there is nothing to choose. */
import type { Dimension, ReportCell } from '../cell.ts';
import { groupsOf } from '../groups.ts';
import { choicesAt } from './choices.ts';
import type { Finding } from './finding.ts';
import {
  converges,
  convergingInPart,
  longestOf,
  rangeOf,
  stalls,
  type Situation,
} from './situation.ts';
import { cellName, figureText, listed, shortList, verb } from './words.ts';

/** Sentences on what does not converge; a plan may have hundreds, and the convergence map shows all. */
const MOST_SENTENCES = 6;

/** What a reader is told of a situation: the settings that fail in it, those that do not, and those that do in part. */
function patternOf({ cells }: Situation): string {
  const named = (some: readonly ReportCell[]) => some.map(({ labels }) => labels.setting);
  return JSON.stringify(
    [cells.filter(stalls), cells.filter(converges), convergingInPart(cells)].map(named),
  );
}

/** Situations of one pattern, of QEMUs that show it on the same links: one sentence is true of each of them. */
function alikeOf(places: readonly Situation[]) {
  const key = (place: Situation) => JSON.stringify([place.qemu, patternOf(place)]);
  const byQemu = groupsOf(places, key);
  return groupsOf(places, (place) => {
    const links = (byQemu.get(key(place)) ?? []).map(({ link }) => link);
    return JSON.stringify([patternOf(place), links.toSorted()]);
  });
}

/** Where settings ran into their deadline, on which links, what did converge there, and at which cost. */
export function doNotConverge(situations: readonly Situation[]): readonly Finding[] {
  const stalled = situations.filter(({ cells }) => cells.some(stalls));
  const all = [...groupsOf(stalled, ({ subject }) => subject)].flatMap(([subject, places]) => {
    const tried = situations.filter((situation) => situation.subject === subject);
    return [...alikeOf(places).values()].map((alike) => stallText(alike, tried));
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
  // Links of one rate may differ in their delay: one of them is spoken of, by name.
  const named = alike.find(({ bandwidth }) => bandwidth === slowest)?.link;
  const worst = alike.filter(({ link }) => link === named);
  const cells = worst[0]?.cells ?? [];
  const failing = cells.filter(stalls).map(({ labels }) => labels.setting);
  const helping = cells.filter(converges).map(({ labels }) => labels.setting);
  const never = alike.every((situation) =>
    situation.cells.filter(stalls).every(({ completed }) => completed?.k === 0),
  );
  const partly = countsInPart(worst);
  const others = [
    ...(helping.length === 0
      ? []
      : [`${shortList(helping)} ${verb(helping.length, 'does', 'do')}`]),
    ...(partly.length === 0
      ? []
      : [`${shortList(partly)} ${verb(partly.length, 'does', 'do')} in part`]),
  ];
  const none =
    cells.length > failing.length
      ? 'no other setting was seen to converge there'
      : 'nothing else was tried there';
  const where = new Set(alike.map(({ link }) => link)).size > 1 ? `At ${worst[0]?.link}` : 'There';
  return (
    `${alike[0].subject} ${never ? 'does not converge' : 'does not always converge'} ` +
    `${whereOf(alike, tried, failing)} with ${shortList(failing, 'or')}${qemusOf(alike, tried)}; ${others.length === 0 ? none : others.join(', ')}.` +
    choicesAt(where, helping, worst)
  );
}

/** `postcopy (9 of 10 trials)`: of the settings that converge in part, over all of these places. */
function countsInPart(places: readonly Situation[]): readonly string[] {
  const cells = places.flatMap((place) => convergingInPart(place.cells));
  return [...groupsOf(cells, ({ labels }) => labels.setting)].map(([setting, members]) => {
    const total = (part: 'k' | 'n') =>
      members.reduce((sum, { completed }) => sum + (completed?.[part] ?? 0), 0);
    return `${setting} (${total('k')} of ${total('n')} trials)`;
  });
}

/**
 * The links by name, and the slowest one on which the same settings did converge with each of the same QEMUs: between
 * them nothing was tried.
 */
function whereOf(
  stalled: readonly Situation[],
  all: readonly Situation[],
  settings: readonly string[],
): string {
  const links = (some: readonly Situation[]) => [...new Set(some.map(({ link }) => link))];
  const failing = links(stalled);
  const qemus = new Set(stalled.map(({ qemu }) => qemu));
  const own = all.filter(({ qemu }) => qemus.has(qemu));
  if (failing.length > 2 && failing.length === links(own).length) return 'on any link tried';
  const fastest = Math.max(...stalled.map(({ bandwidth }) => bandwidth));
  const faster = own.filter(({ bandwidth }) => bandwidth > fastest);
  const [enough] = [...groupsOf(faster, ({ link }) => link).values()]
    .filter(
      (places) =>
        new Set(places.map(({ qemu }) => qemu)).size === qemus.size &&
        places.every(({ cells }) =>
          settings.every((name) =>
            cells.some((cell) => cell.labels.setting === name && converges(cell)),
          ),
        ),
    )
    .map(([place]) => place)
    .toSorted((a, b) => a.bandwidth - b.bandwidth);
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
  const totals = rangeOf(counted, 'totalTimeMs');
  const found = longestOf(counted, 'pauseMs');
  const subjects = bySubject.map(({ subject }) => subject);
  const ends = totals === undefined ? [] : [totals.min, totals.max].map(figureText);
  const times = totals === undefined ? '' : ` in ${listed([...new Set(ends)], 'to')}`;
  const several = new Set(counted.map(({ labels }) => labels.setting)).size > 1;
  const pause =
    found === undefined
      ? '.'
      : `; the longest pause is ${figureText(found.longest)}${counted.length === 1 ? '' : ` (${cellName(found.cell, dimensions)})`}.`;
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
