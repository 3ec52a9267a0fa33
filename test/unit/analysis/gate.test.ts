/** The gate on records: which thresholds hold in which cells. */
import { describe, expect, test } from 'vitest';
import {
  COVERAGE,
  evaluateGate,
  INTEGRITY,
  isJudgedInRun,
} from '../../../harness/analysis/gate.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from '../record/examples.ts';

const pause = (pauseMs: number, overrides: Partial<TrialRecord> = {}) =>
  exampleRecord({ cellId: 'a', measurements: { pauseMs, totalTimeMs: 1000 }, ...overrides });
const stuck = exampleRecord({
  ...{ cellId: 'a', measurements: {}, outcome: { kind: 'not-converged', detail: 'd' } },
});
const skipped = exampleRecord({
  ...{ cellId: 'a', measurements: {} },
  outcome: { kind: 'skipped', reason: 'not-supported', detail: 'd' },
});

function checks(records: readonly TrialRecord[], ...thresholds: string[]) {
  const gate = evaluateGate({ records: [...records], plan: examplePlan }, thresholds);
  return gate.checks.filter(({ threshold }) => threshold !== INTEGRITY);
}

describe('evaluateGate', () => {
  test('a threshold given twice is checked once, however it is spaced', () => {
    const twice = ['pause_ms<300ms', ' pause_ms<300ms ', 'pause_ms < 300ms'];
    expect(checks([pause(1)], ...twice)).toHaveLength(1);
  });

  test('no thresholds, no gate: damage alone is not its business', () => {
    const damaged = pause(1, { integrity: 'damaged' });
    expect(evaluateGate({ records: [damaged], plan: examplePlan }, [])).toEqual({
      checks: [],
      passed: true,
    });
  });

  test.each<[string, readonly TrialRecord[], string, string]>([
    [
      'pause_ms < 300ms',
      [pause(100), pause(310), pause(299.9)],
      'passed',
      'median 299.9 ms over 3 trials',
    ],
    [
      'pause_ms < 300ms',
      [pause(100), pause(310), pause(300)],
      'failed',
      'median 300 ms over 3 trials',
    ],
    ['pause_ms <= 300ms', [pause(290), pause(310)], 'passed', 'median 300 ms over 2 trials'],
    ['pause_ms.max < 300', [pause(100), pause(310)], 'failed', 'max 310 ms over 2 trials'],
    ['pause_ms.min > 100', [pause(100), pause(310)], 'failed', 'min 100 ms over 2 trials'],
    [
      'pause_ms < 300',
      [pause(1), stuck, stuck],
      'failed',
      'median none over 3 trials, of which 2 did not complete and rank worst',
    ],
    [
      'pause_ms < 300',
      [pause(1), pause(2), stuck],
      'passed',
      'median 2 ms over 3 trials, of which 1 did not complete and rank worst',
    ],
    // For a lower limit the worst is the lowest.
    [
      'pause_ms > 0',
      [pause(1), stuck, stuck],
      'failed',
      'median none over 3 trials, of which 2 did not complete and rank worst',
    ],
    // A deadline is no total time: more than it may be anything.
    [
      'total_time_ms < 1h',
      [stuck],
      'failed',
      'median none over 1 trials, of which 1 did not complete and rank worst',
    ],
    ['outcome==completed', [pause(1), stuck], 'failed', '1 of 2 trials completed, 1 not-converged'],
    ['outcome==completed', [pause(1), skipped], 'passed', '1 of 1 trials completed, 1 skipped'],
    ['outcome!=skipped', [pause(1), skipped], 'failed', '1 of 2 trials skipped, 1 completed'],
    [
      'outcome!=failed',
      [pause(1), stuck],
      'passed',
      '0 of 2 trials failed, 1 completed, 1 not-converged',
    ],
  ])('%s: %#', (threshold, records, status, text) => {
    expect(checks(records, threshold)).toEqual([{ threshold, cellId: 'a', status, text }]);
  });

  test('a threshold that could be checked nowhere fails; one that could somewhere does not', () => {
    const nowhere = checks([pause(1)], 'postcopy_requests < 10');
    expect(nowhere.map(({ status }) => status)).toEqual(['not-applicable', 'failed']);
    const other = exampleRecord({ cellId: 'b', measurements: { postcopyRequests: 5 } });
    const somewhere = checks([pause(1), other], 'postcopy_requests < 10');
    expect(somewhere.map(({ status }) => status).sort()).toEqual(['not-applicable', 'passed']);
    expect(checks([skipped], 'pause_ms < 1').at(-1)).toMatchObject({ status: 'failed' });
  });

  test('a cell that is meant not to converge is not held to it', () => {
    const [cell] = examplePlan.cells;
    const plan = {
      ...examplePlan,
      cells: [
        { ...cell!, id: 'a', expect: 'not-converged' },
        { ...cell!, id: 'b' },
      ],
    };
    const records = [stuck, pause(1, { cellId: 'b' })];
    const gate = evaluateGate({ records, plan }, ['outcome==completed', 'pause_ms<3']);
    expect(gate.passed).toBe(true);
    expect(gate.checks.filter(({ cellId }) => cellId === 'a').map(({ status }) => status)).toEqual([
      'not-applicable',
      'not-applicable',
      'passed',
    ]);
  });

  test('damage fails every gate; a threshold of a record that cannot be read does too', () => {
    const records = [pause(1), pause(1, { integrity: 'damaged' })];
    const gate = evaluateGate({ records, plan: examplePlan }, ['pause_ms<3']);
    expect(gate.passed).toBe(false);
    expect(gate.checks.at(-1)).toEqual({
      ...{ threshold: INTEGRITY, cellId: 'a', status: 'failed' },
      text: "1 of 2 trials damaged the guest's data",
    });
    expect(checks([pause(1)], 'nonsense<1')).toMatchObject([{ status: 'failed' }]);
  });

  test('what needs a baseline is left to who has one', () => {
    const gate = evaluateGate({ records: [pause(1)], plan: examplePlan }, ['pause_ms<=+5%']);
    expect(gate.passed).toBe(true);
    // Nothing else either: a report must not say of such a gate that it is passed.
    expect(gate.checks.map(({ status }) => status)).toEqual(['not-applicable']);
    const both = ['pause_ms<=+5%', 'pause_ms<3'];
    expect(evaluateGate({ records: [pause(1)], plan: examplePlan }, both).checks).toHaveLength(3);
    expect(isJudgedInRun(both)).toBe(true);
    expect(isJudgedInRun(both.slice(0, 1))).toBe(false);
  });

  test('a cell that has no trial fails it', () => {
    const environment = exampleEnvironment({ plannedCells: 3 });
    const run = { records: [pause(1)], plan: examplePlan, environment };
    expect(
      evaluateGate(run, ['pause_ms<3']).checks.find(({ threshold }) => threshold === COVERAGE),
    ).toEqual({
      threshold: COVERAGE,
      status: 'failed',
      text: '2 of 3 cells have no trial yet: go on with --resume',
    });
    expect(evaluateGate(run, []).passed).toBe(true);
    const whole = { ...run, environment: { ...environment, plannedCells: 1 } };
    expect(evaluateGate(whole, ['pause_ms<3']).passed).toBe(true);
  });
});
