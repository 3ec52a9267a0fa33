/** The command that is printed after an interruption. */
import { expect, test } from 'vitest';
import { resumeCommand } from '../../../harness/cli/resume-command.ts';

test('has the flags that were given, each value quoted', () => {
  const flags = { metric: ['total_time_ms', 'pause_ms'], only: 'idle/*', mirror: undefined };
  expect(resumeCommand('regress', 'runs/a b', { ...flags, 'keep-failed': true })).toBe(
    "migbench regress --resume 'runs/a b' --metric total_time_ms --metric pause_ms --only 'idle/*' --keep-failed",
  );
  expect(resumeCommand('run', 'runs/x', { 'keep-failed': false })).toBe(
    'migbench run --resume runs/x',
  );
});
