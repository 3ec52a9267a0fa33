/** RUN/trials.jsonl as a stream of checked records, one line in memory at a time. */
import { MigbenchError } from '../errors.ts';
import { readLines } from './lines.ts';
import { checked, parseJson } from './parse.ts';
import { trialRecordSchema, type TrialRecord } from './schema.ts';

/** What a line of trials.jsonl is. */
export type TrialLine =
  | { readonly kind: 'record'; readonly record: TrialRecord; readonly number: number }
  /** The last line, cut off by a crash: its trial has no record. */
  | { readonly kind: 'torn'; readonly offset: number; readonly number: number };

/**
 * The records in the order they were written, with repeated trials (see `latestRecords`); a torn last line is
 * reported, not thrown.
 *
 * @throws MigbenchError `record` for a line in the middle that is not a record, naming `path:line`.
 */
export async function* readTrialLines(path: string): AsyncGenerator<TrialLine> {
  let torn: { readonly offset: number; readonly number: number } | undefined;
  for await (const line of readLines(path)) {
    if (torn !== undefined) {
      throw new MigbenchError(
        'record',
        `${path}:${torn.number}: not JSON, and not the last line either. ` +
          'The file was damaged or edited: restore it, or delete that line to lose only its trial.',
      );
    }
    const parsed = line.terminated ? parseJson(line.text) : undefined;
    if (parsed === undefined) {
      torn = { offset: line.offset, number: line.number };
      continue;
    }
    const record = checked(trialRecordSchema, parsed.value, `${path}:${line.number}`);
    yield { kind: 'record', record, number: line.number };
  }
  if (torn !== undefined) yield { kind: 'torn', ...torn };
}

/**
 * The records that count: a later record of a trial replaces the earlier one, in the earlier one's place.
 * (The file is append-only: `--retry` adds a record, it does not edit one.)
 */
export async function latestRecords(lines: AsyncIterable<TrialLine>): Promise<{
  readonly records: ReadonlyMap<string, TrialRecord>;
  readonly torn: Extract<TrialLine, { kind: 'torn' }> | undefined;
}> {
  const records = new Map<string, TrialRecord>();
  let torn: Extract<TrialLine, { kind: 'torn' }> | undefined;
  for await (const line of lines) {
    if (line.kind === 'torn') torn = line;
    else records.set(line.record.trialId, line.record);
  }
  return { records, torn };
}
