/** Setting × build: one table per workload and transport, of the trials whose source and destination are the same build. */
import type { TrialRecord } from '../../harness/record/schema.ts';
import { escapeMarkdown } from '../escape.ts';
import { groupsOf } from '../groups.ts';
import { markdownTable, Notes } from './notes.ts';
import { verdictOf } from './verdict.ts';

/** Builds from old to new by version, as `QEMU 5.2.0` with their references. */
export interface BuildColumn {
  readonly reference: string;
  readonly version: string;
}

/** Builds that records name, from old to new. */
export function buildsOf(records: readonly TrialRecord[]): BuildColumn[] {
  const builds = new Map<string, BuildColumn>();
  for (const { qemu } of records) {
    for (const { reference, version } of [qemu.source, qemu.destination]) {
      builds.set(reference, { reference, version });
    }
  }
  return [...builds.values()].sort(
    (a, b) =>
      a.version.localeCompare(b.version, 'en', { numeric: true }) ||
      (a.reference < b.reference ? -1 : 1),
  );
}

export function buildTitle({ reference, version }: BuildColumn): string {
  return `${escapeMarkdown(reference)} (${escapeMarkdown(version)})`;
}

/**
 * The lines of the tables.
 *
 * @param settings labels in the plan's order; a setting of several guests has a row for each.
 */
export function settingTables(
  records: readonly TrialRecord[],
  settings: readonly string[],
): string[] {
  const builds = buildsOf(records);
  const title = ({ labels, transport }: TrialRecord) =>
    ['tcp', 'tls'].includes(transport)
      ? labels.workload
      : `${labels.workload}, transport: ${transport}`;
  return [...groupsOf(records, title)].flatMap(([workload, own]) => {
    const notes = new Notes();
    const rows = settings.flatMap((setting) =>
      rowsOf(
        own.filter(({ labels }) => labels.setting === setting),
        builds,
        notes,
      ),
    );
    return [
      ...[`### ${escapeMarkdown(workload)}`, ''],
      ...markdownTable(['setting', ...builds.map(buildTitle)], rows),
      ...['', ...notes.lines(), ''],
    ];
  });
}

/** What a guest has beyond one processor and plain memory; empty for that. */
function guestWords({ guest, machineType }: TrialRecord): string {
  return [
    ...(guest.vcpus === 1 ? [] : [`${guest.vcpus} vCPUs`]),
    ...(machineType?.includes('q35') === true ? ['q35'] : []),
    ...(guest.backend === 'ram' ? [] : [guest.backend]),
    ...(guest.dirtyRing === undefined ? [] : ['dirty ring']),
    ...(guest.storage === undefined ? [] : ['disk mirrored']),
  ].join(', ');
}

/** One row per guest: which one is said where it is not the plain one. */
function rowsOf(
  records: readonly TrialRecord[],
  builds: readonly BuildColumn[],
  notes: Notes,
): string[][] {
  const guests = groupsOf(records, guestWords);
  const plainFirst = [...guests].sort(([a], [b]) => Number(b === '') - Number(a === ''));
  return plainFirst.map(([words, own]) => {
    const [{ labels }] = own;
    const name = words === '' ? labels.setting : `${labels.setting}, ${words}`;
    const cells = builds.map(({ reference }) => {
      const trials = own.filter(({ qemu }) => qemu.source.reference === reference);
      return trials.length === 0 ? '–' : notes.cell(verdictOf(trials));
    });
    return [escapeMarkdown(name), ...cells];
  });
}
