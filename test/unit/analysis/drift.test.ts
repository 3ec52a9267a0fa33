/** Drift of a host, by its calibrations; and what it does to the exit code. */
import { expect, it } from 'vitest';
import { driftOf } from '../../../harness/analysis/drift.ts';
import { runExitCode } from '../../../harness/exit-code.ts';
import type { Calibration } from '../../../harness/record/schema.ts';
import { environment } from '../compare/fixture.ts';
import { examplePlan } from '../record/examples.ts';

const calibration = (copyMs: number, parseMs: number, timerMs = 1.1): Calibration => ({
  at: '2026-01-01T00:00:00Z',
  tasks: [
    ['memory-copy-8MiB', copyMs] as const,
    ['timer-1ms', timerMs] as const,
    ['json-parse', parseMs] as const,
  ].map(([name, medianMs]) => ({ name, medianMs, madMs: 0, iterations: 10 })),
});

it('is that of the task that drifted most', () => {
  expect(driftOf([calibration(2, 0.01), calibration(3, 0.01), calibration(2.5, 0.04)])).toEqual({
    ...{ task: 'json-parse', fastestMs: 0.01, slowestMs: 0.04, factor: 4, calibrations: 3 },
  });
});

it('is not known from one calibration, and not made of late timers', () => {
  expect(driftOf([calibration(2, 0.01)])).toBeUndefined();
  expect(driftOf([calibration(2, 0.01), calibration(2, 0.01, 90)])?.factor).toBe(1);
});

it('makes the results of a run untrusted beyond its bound', () => {
  const run = (copyMs: number) => ({
    records: [],
    plan: examplePlan,
    environment: {
      ...environment,
      calibrations: [calibration(2, 0.01), calibration(copyMs, 0.01)],
    },
  });
  expect(runExitCode(run(5.9))).toBe(0);
  expect(runExitCode(run(6.1))).toBe(5);
  expect(runExitCode({ records: [], plan: examplePlan })).toBe(0);
});
