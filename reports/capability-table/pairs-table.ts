/** Source × destination: one table per workload. */
import type { TrialRecord } from '../../harness/record/schema.ts';
import { escapeMarkdown } from '../escape.ts';
import { groupsOf } from '../groups.ts';
import { markdownTable, Notes } from './notes.ts';
import { buildsOf, buildTitle } from './settings-table.ts';
import { verdictOf } from './verdict.ts';

/** The lines of the tables. */
export function pairTables(records: readonly TrialRecord[]): string[] {
  const builds = buildsOf(records);
  return [...groupsOf(records, ({ labels }) => labels.workload)].flatMap(([workload, own]) => {
    const notes = new Notes();
    const rows = builds.map((source) => [
      buildTitle(source),
      ...builds.map((destination) => {
        const trials = own.filter(
          ({ qemu }) =>
            qemu.source.reference === source.reference &&
            qemu.destination.reference === destination.reference,
        );
        if (trials.length === 0) return '–';
        const machine = trials[0]?.machineType;
        const cell = notes.cell(verdictOf(trials));
        return machine === undefined ? cell : `${cell}, ${escapeMarkdown(machine)}`;
      }),
    ]);
    return [
      ...[`### ${escapeMarkdown(workload)}`, ''],
      ...markdownTable(['from \\ to', ...builds.map(buildTitle)], rows),
      ...['', ...notes.lines(), ''],
    ];
  });
}
