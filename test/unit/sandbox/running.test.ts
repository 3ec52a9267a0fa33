import { expect, test } from 'vitest';
import { describeExit } from '../../../harness/sandbox/running.ts';

test.each([
  [{ exitCode: 1 }, 'ended with exit code 1'],
  [{ signal: 'SIGKILL' }, 'was killed by SIGKILL'],
  [{ spawnError: 'ENOENT' }, 'could not be started: ENOENT'],
  [{}, 'ended with exit code unknown'],
])('%o %s', (exit, words) => {
  expect(describeExit(exit)).toBe(words);
});
