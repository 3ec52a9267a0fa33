/** Capability × build: every capability that a build says it has, and how many migrations completed with it on. */
import type { TrialRecord } from '../../harness/record/schema.ts';
import { escapeMarkdown } from '../escape.ts';
import { markdownTable, Notes } from './notes.ts';
import { buildsOf, buildTitle } from './settings-table.ts';
import { noteOf, wordOf } from './verdict.ts';

/**
 * The lines of the table.
 *
 * @param reasons why migbench does not run a capability in these trials, by name.
 */
export function capabilityTable(
  records: readonly TrialRecord[],
  reasons: ReadonlyMap<string, string>,
): string[] {
  const builds = buildsOf(records);
  const known = new Map(
    builds.map(({ reference }) => [reference, capabilitiesOf(records, reference)]),
  );
  const names = [...new Set([...known.values()].flatMap((own) => [...own]))].sort();
  const notes = new Notes();
  const rows = names.map((name) => [
    escapeMarkdown(name),
    ...builds.map(({ reference }) => {
      if (known.get(reference)?.has(name) !== true) return '–';
      const own = records.filter(({ qemu }) => qemu.source.reference === reference);
      const on = own.filter(
        ({ effective, outcome }) =>
          outcome.kind === 'completed' && effective?.source.capabilities[name] === true,
      );
      if (on.length > 0) return `${on.length} completed`;
      const asked = own.find(({ requested }) => requested.capabilities[name] === true);
      if (asked !== undefined) {
        return notes.cell({ text: wordOf(asked.outcome), note: noteOf(asked) });
      }
      const reason = reasons.get(name);
      return notes.cell({ text: 'not tried', ...(reason === undefined ? {} : { note: reason }) });
    }),
  ]);
  return [
    ...markdownTable(['capability', ...builds.map(buildTitle)], rows),
    ...['', ...notes.lines(), ''],
  ];
}

/** What a build answered when it was asked for its capabilities. */
function capabilitiesOf(records: readonly TrialRecord[], reference: string): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ qemu, effective }) => [
      ...(qemu.source.reference === reference
        ? Object.keys(effective?.source.capabilities ?? {})
        : []),
    ]),
  );
}
