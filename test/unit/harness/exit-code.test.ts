/** The exit code that records ask for: the first that applies. */
import { expect, test } from 'vitest';
import { runExitCode, validationExitCode } from '../../../harness/exit-code.ts';
import {
  EXIT_CODES,
  exitCodeOf,
  explainFullDisk,
  MigbenchError,
  type ErrorCode,
} from '../../../harness/errors.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { examplePlan, exampleRecord } from '../record/examples.ts';

const completed = exampleRecord();
const notConverged = exampleRecord({ outcome: { kind: 'not-converged', detail: 'd' } });
const skipped = exampleRecord({
  outcome: { kind: 'skipped', reason: 'not-supported', detail: 'd' },
});
const invalid = exampleRecord({ outcome: { kind: 'invalid', reason: 'load-gate', detail: 'd' } });
const failed = exampleRecord({
  outcome: { kind: 'failed', reason: 'guest-dead', detail: 'd' },
  expected: false,
});

test.each<[string, number, readonly TrialRecord[]]>([
  ['nothing at all', 0, []],
  ['completed, skipped, not converged', 0, [completed, skipped, notConverged]],
  ['a failure', 4, [completed, failed]],
  ['a failure that the plan expects', 0, [{ ...failed, expected: true }]],
  [
    'a damaged guest, although the plan expects failures',
    4,
    [{ ...failed, expected: true, integrity: 'damaged' }],
  ],
  ['not converged where completion was insisted on', 4, [{ ...notConverged, expected: false }]],
  ['skipped where completion was insisted on', 4, [{ ...skipped, expected: false }]],
  ['invalid', 5, [completed, invalid]],
  ['a failure weighs more than an invalid trial', 4, [invalid, failed]],
])('%s: %d', (_what, code, records) => {
  expect(runExitCode({ records: [...records], plan: examplePlan })).toBe(code);
});

test('a breached threshold, of the plan or beside it: 99, after 4 and before 5', () => {
  const records = [completed, notConverged];
  const plan = { ...examplePlan, thresholds: ['outcome==completed'] };
  expect(runExitCode({ records: [completed], plan })).toBe(0);
  expect(runExitCode({ records, plan })).toBe(99);
  expect(runExitCode({ records, plan: examplePlan }, ['outcome==completed'])).toBe(99);
  expect(runExitCode({ records: [...records, invalid], plan })).toBe(99);
  expect(runExitCode({ records: [...records, failed], plan })).toBe(4);
});

test.each<[ErrorCode, number]>([
  ['usage', 2],
  ['plan-invalid', 2],
  ['record', 2],
  ['host-unfit', 3],
  ['interrupted', 130],
  ['qmp-timeout', 1],
  ['qmp-closed', 1],
  ['qmp-protocol', 1],
  ['qmp-command', 1],
  ['guest', 1],
  ['internal', 1],
])('an uncaught error %s: %d', (code, exit) => {
  expect(exitCodeOf(new MigbenchError(code, 'm'))).toBe(exit);
});

test('a full disk is no defect of migbench, wherever it was met', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
  });
  expect(exitCodeOf(full)).toBe(3);
  expect(explainFullDisk(full)).toMatchObject({
    code: 'host-unfit',
    message:
      'The disk is full: ENOSPC: no space left on device, write. What was recorded before is safe: free some ' +
      'space and go on with --resume.',
    cause: full,
  });
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  expect(explainFullDisk(missing)).toBe(missing);
  expect(exitCodeOf(missing)).toBe(1);
});

test('anything else that is thrown is a defect; the codes are a public contract', () => {
  expect(exitCodeOf(new TypeError('x'))).toBe(1);
  expect(exitCodeOf('x')).toBe(1);
  expect(EXIT_CODES).toEqual({
    ...{ ok: 0, internal: 1, usage: 2, hostUnfit: 3, trialFailed: 4, untrusted: 5 },
    ...{ gate: 99, interrupted: 130 },
  });
});

test('a validation with a damaged guest is 4; one with trials that failed is not', () => {
  expect(validationExitCode([])).toBe(0);
  expect(validationExitCode([completed, failed])).toBe(0);
  expect(validationExitCode([completed, { ...failed, integrity: 'damaged' }])).toBe(4);
});
