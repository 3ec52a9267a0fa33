/** What a reader must know before the figures: what failed, what was left out, and what the figures are not. */
import { DRIFT_BOUND, DRIFT_WORTH_SAYING, driftOf, driftText } from '../harness/analysis/drift.ts';
import { failedChecks, type Gate } from '../harness/analysis/gate.ts';
import type { Run } from '../harness/record/reader.ts';
import type { SkipReason, TrialRecord } from '../harness/record/schema.ts';
import { formatBitRate, formatByteRate } from '../harness/units.ts';
import { counted } from './format.ts';
import { groupsOf } from './groups.ts';
import { effectiveParameter } from './settings.ts';

/** `bad`: something broke, or came out as the plan forbids. `warning`: read on with care. `note`: good to know. */
export type NoticeLevel = 'bad' | 'warning' | 'note';

export interface Notice {
  readonly level: NoticeLevel;
  /** Plain text; may hold words of guests and QEMU: escape it. */
  readonly text: string;
  /** What the reader can do about it; plain text. */
  readonly remedy?: string;
}

/** What a cell is called in this report; an id says more than a reader wants. */
export type CellNames = (cellId: string) => string;

/** A host that was not the same machine all the time. */
function drifted({ environment }: Run): readonly Notice[] {
  const drift = driftOf(environment.calibrations);
  if (drift === undefined || drift.factor <= DRIFT_WORTH_SAYING) return [];
  const untrusted = drift.factor > DRIFT_BOUND;
  return [
    {
      level: untrusted ? 'warning' : 'note',
      text:
        `The host drifted: ${driftText(drift)}.` +
        (untrusted ? ' The results are not to be trusted.' : ''),
      ...(untrusted ? { remedy: 'Run it again while nothing else uses the host.' } : {}),
    },
  ];
}

/** All notices of a run, the gravest first. */
export function noticesOf(run: Run, gate: Gate, nameOf: CellNames): readonly Notice[] {
  return [
    ...damaged(run, nameOf),
    ...breached(gate, nameOf),
    ...failed(run, nameOf),
    ...unexpected(run, nameOf),
    ...invalid(run, nameOf),
    ...incomplete(run),
    ...drifted(run),
    ...run.warnings.map((text): Notice => ({ level: 'warning', text })),
    ...notRepresentative(run),
    ...notConverged(run, nameOf),
    ...defaultCap(run, nameOf),
    ...trialWarnings(run),
    ...skipped(run, nameOf),
    ...run.environment.notes.map((text): Notice => ({ level: 'note', text })),
  ];
}

/** Records in groups of the same key, in the order of first appearance. */
function grouped(
  records: readonly TrialRecord[],
  key: (record: TrialRecord) => string | undefined,
): readonly (readonly [TrialRecord, ...TrialRecord[]])[] {
  const groups = new Map<string, [TrialRecord, ...TrialRecord[]]>();
  for (const record of records) {
    const name = key(record);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [record]);
    else group.push(record);
  }
  return [...groups.values()];
}

/** Where it happened: one or two cells by name, more by number. */
function cellsOf(records: readonly TrialRecord[], nameOf: CellNames): string {
  const cells = [...new Set(records.map((record) => record.cellId))];
  return cells.length > 2 ? `${cells.length} cells` : cells.map(nameOf).join(' and ');
}

function damaged(run: Run, nameOf: CellNames): readonly Notice[] {
  const records = run.records.filter((record) => record.integrity === 'damaged');
  return grouped(records, (record) => record.cellId).map((group) => ({
    level: 'bad',
    text:
      `GUEST DATA DAMAGED in ${counted(group.length, 'trial')} of ${nameOf(group[0].cellId)}` +
      (group[0].integrityDetail === undefined ? '.' : `: ${group[0].integrityDetail}`),
    remedy: `Do not use this combination. The evidence is in trials/${group[0].trialId}/.`,
  }));
}

/** The thresholds that do not hold, each with the cells in which it does not. */
function breached(gate: Gate, nameOf: CellNames): readonly Notice[] {
  return [...groupsOf(failedChecks(gate), ({ threshold }) => threshold)].map(
    ([threshold, checks]) => {
      const named = checks
        .slice(0, MOST_NAMED)
        .map(({ cellId, text }) => (cellId === undefined ? text : `${nameOf(cellId)}: ${text}`));
      const more = checks.length - named.length;
      const rest = more === 0 ? '' : `; and in ${counted(more, 'more cell')}`;
      return {
        level: 'bad',
        text: `Gate: ${threshold} does not hold. ${named.join('; ')}${rest}.`,
        remedy: 'Find out what changed since it held, or change the threshold.',
      };
    },
  );
}

function failed(run: Run, nameOf: CellNames): readonly Notice[] {
  const groups = grouped(run.records, ({ outcome, integrity, expected }) =>
    outcome.kind === 'failed' && integrity !== 'damaged'
      ? `${expected} ${outcome.reason} ${outcome.detail}`
      : undefined,
  );
  return groups.flatMap((group): Notice[] => {
    const { outcome, expected } = group[0];
    if (outcome.kind !== 'failed') return [];
    if (expected) {
      const text = `${counted(group.length, 'trial')} failed, as the plan expects, in ${cellsOf(group, nameOf)}: ${outcome.detail}`;
      return [{ level: 'note', text }];
    }
    return [
      {
        level: 'bad',
        text: `${counted(group.length, 'trial')} failed (${outcome.reason}) in ${cellsOf(group, nameOf)}: ${outcome.detail}`,
        remedy: `See trials/${group[0].trialId}/; repeat with --resume and --retry failed.`,
      },
    ];
  });
}

function unexpected(run: Run, nameOf: CellNames): readonly Notice[] {
  const records = run.records.filter(
    ({ expected, outcome }) => !expected && outcome.kind !== 'failed',
  );
  return grouped(records, (record) => `${record.outcome.kind} ${record.cellId}`).map((group) => ({
    level: 'bad',
    text: `${counted(group.length, 'trial')} of ${nameOf(group[0].cellId)} ended as ${group[0].outcome.kind}, which the plan does not allow (expect).`,
    remedy: 'Find out what changed since it ended otherwise, or allow it in the plan.',
  }));
}

function invalid(run: Run, nameOf: CellNames): readonly Notice[] {
  const groups = grouped(run.records, ({ outcome }) =>
    outcome.kind === 'invalid' ? `${outcome.reason} ${outcome.detail}` : undefined,
  );
  return groups.flatMap((group): Notice[] => {
    const { outcome } = group[0];
    if (outcome.kind !== 'invalid') return [];
    return [
      {
        level: 'warning',
        text: `${counted(group.length, 'trial')} invalid and not counted (${outcome.reason}) in ${cellsOf(group, nameOf)}: ${outcome.detail}`,
        remedy: 'Repeat with --resume and --retry invalid.',
      },
    ];
  });
}

function incomplete(run: Run): readonly Notice[] {
  const missing = run.environment.plannedTrials - run.records.length;
  if (missing <= 0) return [];
  return [
    {
      level: 'warning',
      text: `The run is incomplete: ${counted(missing, 'trial')} of ${run.environment.plannedTrials} planned ${missing === 1 ? 'has' : 'have'} no record.`,
      remedy: 'Continue with --resume.',
    },
  ];
}

function notRepresentative(run: Run): readonly Notice[] {
  const notices: Notice[] = [];
  const tcg =
    run.records.some((record) => record.accelerator === 'tcg') ||
    run.environment.accelerators.some((accelerator) => accelerator.chosen === 'tcg');
  if (tcg) {
    const reasons = run.environment.accelerators.flatMap(({ chosen, reason }) =>
      chosen === 'tcg' && reason !== undefined ? [reason] : [],
    );
    notices.push({
      level: 'warning',
      text: `Guests ran under TCG emulation: guest speed is not representative.${whyNotKvm([...new Set(reasons)])}`,
      remedy: 'Compare settings within this run only; measure on a host with KVM before deciding.',
    });
  }
  if (run.environment.sandboxMode === 'loopback') {
    notices.push({
      level: 'warning',
      text: "Links were not shaped (loopback mode): a link's bandwidth is QEMU's own max-bandwidth here, without delay or loss.",
      remedy: 'See `migbench doctor` for what the namespaces mode needs.',
    });
  }
  return notices;
}

/** QEMU's own words run over ten lines, and are others with each build: they are in the table of the run. */
const LONGEST_REASON = 100;

function whyNotKvm(reasons: readonly string[]): string {
  const [only] = reasons;
  if (only === undefined) return '';
  return reasons.length === 1 && only.length <= LONGEST_REASON
    ? ` Why not KVM: ${only}.`
    : ' Why not KVM: see Provenance, at the end of the report.';
}

/** More cells than this are counted, not named: the verdict says which, and so does the convergence map. */
const MOST_NAMED = 3;

const CONVERGENCE_REMEDY =
  'Choose a setting or a link that does (the convergence map shows which), or a later deadline.';

function notConverged(run: Run, nameOf: CellNames): readonly Notice[] {
  const records = run.records.filter((record) => record.outcome.kind === 'not-converged');
  const groups = grouped(records, (record) => record.cellId);
  if (groups.length > MOST_NAMED) {
    return [
      {
        level: 'warning',
        text: `${counted(records.length, 'trial')} in ${groups.length} cells did not converge before their deadline; ranked as slower than every completed one.`,
        remedy: CONVERGENCE_REMEDY,
      },
    ];
  }
  return groups.map((group) => ({
    level: 'warning',
    text: `${counted(group.length, 'trial')} of ${nameOf(group[0].cellId)} did not converge within ${group[0].deadlineMs / 1000} s; ranked as slower than every completed one.`,
    remedy: CONVERGENCE_REMEDY,
  }));
}

/** QEMU's own cap, which nobody asked for, is lower than the link: the limiter was measured, not the link. */
function defaultCap(run: Run, nameOf: CellNames): readonly Notice[] {
  const capped = run.records.filter((record) => {
    const cap = record.effective?.source.parameters['max-bandwidth'];
    if (typeof cap !== 'number' || 'max-bandwidth' in record.requested.parameters) return false;
    const link = record.link.bandwidthBitsPerSecond;
    return record.sandboxMode === 'namespaces' && (link === 'unlimited' || link > cap * 8);
  });
  const first = capped[0];
  if (first === undefined) return [];
  const cap = Number(effectiveParameter(first, 'max-bandwidth'));
  return [
    {
      level: 'warning',
      text: `QEMU's own max-bandwidth (${formatByteRate(cap)}, that is ${formatBitRate(cap * 8)}) was slower than the link in ${cellsOf(capped, nameOf)}.`,
      remedy: 'Set parameters: { max-bandwidth: unlimited } in the plan to measure the link.',
    },
  ];
}

function trialWarnings(run: Run): readonly Notice[] {
  const found = new Map<string, { count: number; message: string }>();
  for (const { warnings } of run.records) {
    const messages = new Map(warnings.map(({ code, message }) => [code, message]));
    for (const [code, message] of messages) {
      const entry = found.get(code);
      if (entry === undefined) found.set(code, { count: 1, message });
      else entry.count += 1;
    }
  }
  // The message ends with what to do; its figures are those of the first trial.
  return [...found].map(([code, { count, message }]) => ({
    level: 'warning',
    text: `${message} (${code}: ${count === 1 ? '1 trial' : `this and ${counted(count - 1, 'more trial')}`})`,
  }));
}

/** Where the record has no remedy of its own. */
const skipRemedies: Readonly<Record<SkipReason, string>> = {
  'capability-missing': 'Add a QEMU that has it to the plan (qemu), or leave the setting out.',
  'parameter-missing': 'Add a QEMU that has it to the plan (qemu), or leave the setting out.',
  'parameter-refused': 'Write a value that this QEMU has, or add a QEMU that has it (qemu).',
  'capability-refused': 'Leave the combination out, or try another QEMU.',
  'not-supported': 'Leave the combination out, or try another QEMU.',
  'host-forbids': 'See `migbench doctor` for what this host lacks.',
  'mode-forbids': 'See `migbench doctor` for what the namespaces mode needs.',
};

function skipped(run: Run, nameOf: CellNames): readonly Notice[] {
  const groups = grouped(run.records, ({ outcome }) =>
    outcome.kind === 'skipped' ? `${outcome.reason} ${outcome.detail}` : undefined,
  );
  return groups.flatMap((group): Notice[] => {
    const { outcome } = group[0];
    if (outcome.kind !== 'skipped') return [];
    return [
      {
        level: 'note',
        text: `${counted(group.length, 'trial')} skipped (${outcome.reason}) in ${cellsOf(group, nameOf)}: ${outcome.detail}`,
        remedy: outcome.remedy ?? skipRemedies[outcome.reason],
      },
    ];
  });
}
