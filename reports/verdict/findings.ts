/**
 * The verdict in sentences that need no chart. Each rule looks at the cells' summaries and says a sentence only where
 * they bear it; nothing here guesses, and no rule speaks where no trial counted.
 */
import type { Metric } from '../../harness/analysis/metrics.ts';
import { formatDuration } from '../../harness/units.ts';
import type { Dimension, ReportCell } from '../cell.ts';
import { groupsOf } from '../groups.ts';
import { converges, exactMedian, situationsOf, stalls, type Situation } from './situation.ts';
import { listed, shortList, verb } from './words.ts';

/** `bad` and `warning` ask for an answer; `good` and `note` tell. */
export interface Finding {
  readonly level: 'bad' | 'warning' | 'good' | 'note';
  /** The rule that said it. */
  readonly rule: string;
  /** One or two sentences; plain text that may hold names from plans: escape it. */
  readonly text: string;
}

/** A figure a manager may be told of: two digits are enough. */
const FAR_APART_MS = 50;
const FAR_APART_FACTOR = 2;
/** Less lost work is within what any measurement disturbs. */
const LEAST_LOST_MS = 50;

/** All sentences, the gravest first. */
export function findingsOf(
  cells: readonly ReportCell[],
  dimensions: readonly Dimension[],
): readonly Finding[] {
  const situations = situationsOf(cells, dimensions);
  const all = [
    ...doNotConverge(situations),
    ...everythingConverges(situations),
    ...longerThanAllowed(cells),
    ...reportedTooLow(cells),
    ...lostWork(cells),
    ...versions(cells),
    ...fewTrials(cells),
  ];
  const order = ['bad', 'warning', 'good', 'note'] as const;
  return all.toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

/** What makes two situations alike to a reader: the settings that fail in them, and those that do not. */
function patternOf({ cells }: Situation): string {
  const named = (some: readonly ReportCell[]) => some.map(({ labels }) => labels.setting);
  return JSON.stringify([named(cells.filter(stalls)), named(cells.filter(converges))]);
}

/** Where settings ran into their deadline, on which links, what did converge there, and at which cost. */
function doNotConverge(situations: readonly Situation[]): readonly Finding[] {
  const stalled = situations.filter(({ cells }) => cells.some(stalls));
  return [...groupsOf(stalled, ({ subject }) => subject)].flatMap(([subject, places]) => {
    const all = situations.filter((situation) => situation.subject === subject);
    return [...groupsOf(places, patternOf).values()].map((alike): Finding => {
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
          ? `; ${listed(helping)} ${verb(helping.length, 'does', 'do')}.`
          : cells.length > failing.length
            ? '; no other setting was seen to converge there.'
            : '; nothing else was tried there.';
      const severalLinks = new Set(alike.map(({ link }) => link)).size > 1;
      return {
        level: 'warning',
        rule: 'not-converged',
        text:
          `${subject} ${never ? 'does not converge' : 'does not always converge'} ` +
          `${whereOf(alike, all, failing)} with ${listed(failing, 'or')}${qemusOf(alike, all)}${others}` +
          costs(helping, worst, severalLinks),
      };
    });
  });
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

/** Settings whose costs are said; the trade-off chart has the others. */
const MOST_COSTS = 3;

/** ` At 200 Mbit/s, postcopy takes 4 s, pauses the guest 9 ms and costs 1.4 s of work; …` */
function costs(
  settings: readonly string[],
  places: readonly Situation[],
  nameLink: boolean,
): string {
  const parts = settings.slice(0, MOST_COSTS).flatMap((setting) => {
    const cells = places.flatMap((place) =>
      place.cells.filter(({ labels }) => labels.setting === setting),
    );
    const said = costOf(cells);
    return said === '' ? [] : [`${setting} ${said}`];
  });
  if (parts.length === 0) return '';
  return ` ${nameLink ? `At ${places[0]?.link ?? ''}` : 'There'}, ${parts.join('; ')}.`;
}

/** Over the cells of one setting, one per QEMU: ranges of their medians. */
function costOf(cells: readonly ReportCell[]): string {
  const medians = (key: Metric['key']) => cells.flatMap((cell) => exactMedian(cell, key) ?? []);
  const pauses = medians('pauseMs');
  const blackouts = medians('blackoutMs');
  const lost = medians('workloadLostSeconds').map((seconds) => seconds * 1000);
  const silent =
    blackouts.length > 0 && Math.max(...blackouts) > FAR_APART_FACTOR * Math.max(0, ...pauses);
  return listed([
    ...durations('takes', medians('totalTimeMs')),
    ...durations('pauses the guest', pauses),
    ...(silent ? [`leaves it silent for up to ${formatDuration(Math.max(...blackouts))}`] : []),
    ...(Math.max(0, ...lost) < LEAST_LOST_MS ? [] : durations('costs', lost, ' of work')),
  ]);
}

function durations(words: string, values: readonly number[], after = ''): readonly string[] {
  if (values.length === 0) return [];
  const [low, high] = [Math.min(...values), Math.max(...values)].map(formatDuration);
  return [`${words} ${low === high ? low : `${low} to ${high}`}${after}`];
}

/** Workloads for which there is nothing to choose: every setting that was tried completed on every link. */
function everythingConverges(situations: readonly Situation[]): readonly Finding[] {
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
  const range =
    totals.length === 0
      ? ''
      : totals.length === 1 || Math.min(...totals) === Math.max(...totals)
        ? ` in ${formatDuration(Math.max(...totals))}`
        : ` in ${formatDuration(Math.min(...totals))} to ${formatDuration(Math.max(...totals))}`;
  return [
    {
      level: 'good',
      rule: 'converges',
      text:
        `${shortList(subjects)} ${verb(subjects.length, 'completes', 'complete')} with every setting that was measured${range}` +
        (longest === undefined
          ? '.'
          : `; the longest pause is ${formatDuration(longest.value)}${counted.length === 1 ? '' : ` (${longest.cell.label})`}.`),
    },
  ];
}

function longestOf(cells: readonly ReportCell[], key: 'pauseMs' | 'blackoutMs') {
  let longest: { readonly cell: ReportCell; readonly value: number } | undefined;
  for (const cell of cells) {
    const value = exactMedian(cell, key);
    if (value !== undefined && value > (longest?.value ?? -1)) longest = { cell, value };
  }
  return longest;
}

/** Pauses longer than the downtime limit that the migration was given. */
function longerThanAllowed(cells: readonly ReportCell[]): readonly Finding[] {
  const over = cells.flatMap((cell) => {
    const pause = exactMedian(cell, 'pauseMs');
    const limit = cell.records.find(({ effective }) => effective !== undefined)?.effective?.source
      .parameters['downtime-limit'];
    return pause !== undefined && typeof limit === 'number' && limit > 0 && pause > limit
      ? [{ cell, pause, limit }]
      : [];
  });
  const worst = over.toSorted((a, b) => b.pause / b.limit - a.pause / a.limit)[0];
  if (worst === undefined) return [];
  return [
    {
      level: 'warning',
      rule: 'over-limit',
      text: `In ${over.length} of ${cells.length} cells the guest stood still longer than its downtime limit; worst in ${worst.cell.label}: ${formatDuration(worst.pause)} where ${formatDuration(worst.limit)} was allowed.`,
    },
  ];
}

/** QEMU's downtime far below what events or heartbeat saw. */
function reportedTooLow(cells: readonly ReportCell[]): readonly Finding[] {
  const off = cells.flatMap((cell) => {
    const reported = exactMedian(cell, 'downtimeMs');
    const blackout = exactMedian(cell, 'blackoutMs');
    const seen = blackout ?? exactMedian(cell, 'pauseMs');
    if (reported === undefined || seen === undefined) return [];
    const what = blackout === undefined ? 'events show a pause of' : 'a client saw silence for';
    return seen - reported > FAR_APART_MS && seen > FAR_APART_FACTOR * reported
      ? [{ cell, reported, seen, what }]
      : [];
  });
  const worst = off.toSorted((a, b) => b.seen - b.reported - (a.seen - a.reported))[0];
  if (worst === undefined) return [];
  return [
    {
      level: 'warning',
      rule: 'reported-too-low',
      text: `Do not trust the reported downtime alone: in ${worst.cell.label} QEMU reports ${worst.reported === 0 ? '0 ms' : formatDuration(worst.reported)} where ${worst.what} ${formatDuration(worst.seen)}${off.length === 1 ? '' : `, and it is far too low in ${off.length - 1} more ${verb(off.length - 1, 'cell', 'cells')}`}.`,
    },
  ];
}

/** Which migration costs its workload most. */
function lostWork(cells: readonly ReportCell[]): readonly Finding[] {
  const lost = cells.flatMap((cell) => {
    const seconds = exactMedian(cell, 'workloadLostSeconds');
    return seconds === undefined || seconds * 1000 < LEAST_LOST_MS ? [] : [{ cell, seconds }];
  });
  const sorted = lost.toSorted((a, b) => b.seconds - a.seconds);
  const [worst] = sorted;
  const least = sorted.at(-1);
  if (worst === undefined || least === undefined) return [];
  return [
    {
      level: 'note',
      rule: 'lost-work',
      text:
        `The dearest migration costs ${formatDuration(worst.seconds * 1000)} of work (${worst.cell.label})` +
        (sorted.length === 1
          ? '.'
          : `, the cheapest ${formatDuration(least.seconds * 1000)} (${least.cell.label}).`),
    },
  ];
}

/** QEMU against QEMU, only where the intervals of total time do not meet. */
function versions(cells: readonly ReportCell[]): readonly Finding[] {
  const alike = groupsOf(cells, ({ labels, cellId }) =>
    JSON.stringify([
      labels.workload,
      labels.setting,
      labels.link,
      labels.guest,
      parametersOf(cells, cellId),
    ]),
  );
  const differences = [...alike.values()].flatMap((members) =>
    members.flatMap((one, i) =>
      members.slice(i + 1).flatMap((other) => {
        const slower = apart(one, other);
        return slower === undefined ? [] : [slower];
      }),
    ),
  );
  const byPair = groupsOf(differences, ({ slow, fast }) =>
    JSON.stringify([slow.labels.qemu, fast.labels.qemu]),
  );
  return [...byPair.values()].map((pairs): Finding => {
    const worst = pairs.toSorted((a, b) => b.factor - a.factor)[0] ?? pairs[0];
    return {
      level: 'warning',
      rule: 'versions',
      text: `${worst.slow.labels.qemu} takes longer than ${worst.fast.labels.qemu} in ${pairs.length} ${verb(pairs.length, 'case', 'cases')}, at most ${worst.factor.toFixed(1)} times as long (${worst.slow.label}); their intervals do not meet.`,
    };
  });
}

/** Workloads that share a label may differ in their parameters. */
function parametersOf(cells: readonly ReportCell[], cellId: string): unknown {
  return cells.find((cell) => cell.cellId === cellId)?.records[0]?.workload.parameters;
}

function apart(one: ReportCell, other: ReportCell) {
  if (one.labels.qemu === other.labels.qemu) return undefined;
  const ends = (cell: ReportCell) => {
    const summary = cell.metrics.find(({ metric }) => metric.key === 'totalTimeMs');
    const { ciLow, ciHigh, median } = summary ?? {};
    return ciLow === undefined || ciHigh === undefined || median === undefined || ciHigh.censored
      ? undefined
      : { low: ciLow.value, high: ciHigh.value, median: median.value };
  };
  const a = ends(one);
  const b = ends(other);
  if (a === undefined || b === undefined) return undefined;
  if (a.low > b.high) return { slow: one, fast: other, factor: a.median / b.median };
  if (b.low > a.high) return { slow: other, fast: one, factor: b.median / a.median };
  return undefined;
}

/** One or two trials per cell are a look around. */
function fewTrials(cells: readonly ReportCell[]): readonly Finding[] {
  const counts = cells.map(({ n }) => n).filter((n) => n > 0);
  if (counts.length === 0 || Math.max(...counts) >= 6) return [];
  return [
    {
      level: 'note',
      rule: 'few-trials',
      text: `With at most ${Math.max(...counts)} ${verb(Math.max(...counts), 'trial', 'trials')} per cell this is a look around: no figure has an interval yet. Ten repetitions bear a decision.`,
    },
  ];
}
