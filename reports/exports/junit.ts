/**
 * JUnit XML, as CI servers read it: a test per cell, and one per check of the gate. `failure`: a threshold was
 * breached, guest data damaged, or an outcome is not one that the plan allows. `error`: a trial failed (QEMU or
 * migbench broke) or was invalid. `skipped`: this build or host cannot do it, or it was not run.
 *
 * Elements and attributes are those that Jenkins' xUnit plugin (junit-10.xsd) and the Ant format have in common; no
 * `timestamp` and no `hostname`, so that the same run gives the same bytes.
 */
import type { CellSummary } from '../../harness/analysis/cells.ts';
import type { GateCheck } from '../../harness/analysis/gate.ts';
import { cellMatcher } from '../../harness/record/cell-matcher.ts';
import type { TrialRecord } from '../../harness/record/schema.ts';
import { escapeXml } from '../escape.ts';
import { counted, formatInterval, formatMedian } from '../format.ts';
import type { ReportModel } from '../model.ts';

interface Verdict {
  readonly element: 'failure' | 'error' | 'skipped';
  readonly type: string;
  readonly message: string;
  /** One line for each trial that it is about. */
  readonly lines: readonly string[];
}

export interface TestCase {
  readonly name: string;
  /** In seconds. */
  readonly time: number;
  readonly verdict?: Verdict;
  readonly output: readonly string[];
}

export interface Suite {
  readonly name: string;
  readonly cases: readonly TestCase[];
}

/** The whole document. */
export function junitXml(model: ReportModel): string {
  const plan = model.run.environment.planName;
  const suites: readonly Suite[] = [
    {
      name: `${plan}.trials`,
      cases: [...model.cells.map(cellCase), ...notRun(model)],
    },
    { name: `${plan}.gate`, cases: model.gate.checks.map(checkCase) },
  ].filter(({ cases }) => cases.length > 0);
  return junitDocument(`migbench ${plan}`, suites);
}

/** Test suites as a document. */
export function junitDocument(name: string, suites: readonly Suite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name, ...counts(all) })}>`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(' ');
}

function seconds(value: number): string {
  return value.toFixed(3);
}

function counts(cases: readonly TestCase[]) {
  const count = (element: Verdict['element']) =>
    cases.filter(({ verdict }) => verdict?.element === element).length;
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    time: seconds(cases.reduce((sum, { time }) => sum + time, 0)),
  };
}

function suiteLines({ name, cases }: Suite): readonly string[] {
  const skipped = cases.filter(({ verdict }) => verdict?.element === 'skipped').length;
  return [
    `  <testsuite ${attributes({ name, ...counts(cases), skipped })}>`,
    ...cases.flatMap((one) => caseLines(one, `migbench.${name}`)),
    '  </testsuite>',
  ];
}

function caseLines({ name, time, verdict, output }: TestCase, classname: string) {
  const open = `    <testcase ${attributes({ name, classname, time: seconds(time) })}`;
  if (verdict === undefined && output.length === 0) return [`${open}/>`];
  const text = (lines: readonly string[]) => lines.map(escapeText).join('\n');
  return [
    `${open}>`,
    ...(verdict === undefined
      ? []
      : [
          `      <${verdict.element} ${attributes({ type: verdict.type, message: verdict.message })}>` +
            `${text(verdict.lines)}</${verdict.element}>`,
        ]),
    ...(output.length === 0 ? [] : [`      <system-out>${text(output)}</system-out>`]),
    '    </testcase>',
  ];
}

/** One line of an element's text. */
function escapeText(line: string): string {
  return escapeXml(line.replace(/\s+/g, ' '));
}

function cellCase(cell: CellSummary): TestCase {
  const verdict = verdictOf(cell);
  return {
    name: cell.cellId,
    time:
      cell.records.reduce((sum, { measurements }) => sum + (measurements.totalTimeMs ?? 0), 0) /
      1000,
    ...(verdict === undefined ? {} : { verdict }),
    output: cell.metrics.map(
      (summary) =>
        `${summary.metric.column}: median ${formatMedian(summary)}, 95 % interval ${formatInterval(summary)}, ` +
        `n = ${summary.values}`,
    ),
  };
}

/** The gravest thing that is wrong: readers know one verdict per test. */
function verdictOf(cell: CellSummary): Verdict | undefined {
  const { records } = cell;
  const found = (
    element: Verdict['element'],
    type: string,
    what: string,
    some: readonly TrialRecord[],
  ): Verdict[] => {
    const first = some[0];
    if (first === undefined) return [];
    return [
      {
        ...{ element, type },
        message: `${counted(some.length, 'trial')} of ${records.length} ${what}: ${detailOf(first)}`,
        lines: some.map((record) => `${record.trialId}: ${detailOf(record)}`),
      },
    ];
  };
  const damaged = records.filter(({ integrity }) => integrity === 'damaged');
  const of = (kind: TrialRecord['outcome']['kind']) =>
    records.filter(({ outcome }) => outcome.kind === kind);
  const failed = of('failed').filter(({ expected }) => !expected);
  const unexpected = records.filter(({ expected }) => !expected);
  const skipped = of('skipped');
  return [
    ...found('failure', 'guest-damaged', "damaged the guest's data", damaged),
    ...found('error', 'failed', 'failed', failed),
    ...found('failure', 'unexpected-outcome', 'ended as the plan does not allow', unexpected),
    ...found('error', 'invalid', 'invalid', of('invalid')),
    ...(skipped.length === records.length ? found('skipped', 'skipped', 'skipped', skipped) : []),
  ][0];
}

function detailOf({ outcome, integrity, integrityDetail }: TrialRecord): string {
  const damage = integrity === 'damaged' ? ` (damaged: ${integrityDetail ?? 'no detail'})` : '';
  if (outcome.kind === 'completed') return `completed${damage}`;
  const reason = 'reason' in outcome ? ` (${outcome.reason})` : '';
  return `${outcome.kind}${reason}: ${outcome.detail}${damage}`;
}

/** Cells that the run was to have and of which none has a record: it was interrupted, or its time was up. */
function notRun({ run, cells }: ReportModel): readonly TestCase[] {
  const isWanted = cellMatcher(run.environment.only);
  const seen = new Set(cells.map(({ cellId }) => cellId));
  const message = 'no trial has a record: go on with migbench run --resume';
  return run.plan.cells
    .filter(({ id }) => isWanted(id) && !seen.has(id))
    .map(({ id }) => ({
      ...{ name: id, time: 0, output: [] },
      verdict: { element: 'skipped', type: 'not-run', message, lines: [] },
    }));
}

/** A check of a gate as a test. */
export function checkCase({ threshold, cellId, status, text }: GateCheck): TestCase {
  const elements = { failed: 'failure', 'not-applicable': 'skipped', passed: undefined } as const;
  const element = elements[status];
  return {
    name: cellId === undefined ? threshold : `${threshold} in ${cellId}`,
    time: 0,
    ...(element === undefined
      ? {}
      : {
          verdict: {
            element,
            type: status === 'failed' ? 'threshold' : status,
            message: `${threshold}: ${text}`,
            lines: [],
          },
        }),
    output: [text],
  };
}
