/** One run, killed with SIGKILL at twenty random moments, and gone on with each time. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixturePlan, temporaryFolder } from '../integration/run/cli.ts';
import { killAtRandomMoments } from '../integration/run/killing.ts';

const REPETITIONS = 8;

test('killed twenty times: nothing stays, and every trial is run exactly once in the end', async () => {
  const records = await killAtRandomMoments({
    plan: fixturePlan('slow-link'),
    out: join(await temporaryFolder(), 'run'),
    kills: 20,
    seed: 20,
    repetitions: REPETITIONS,
  });
  expect(new Set(records.map(({ trialId }) => trialId)).size).toBe(REPETITIONS);
  expect(records.map(({ repetition }) => repetition).sort((a, b) => a - b)).toEqual(
    Array.from({ length: REPETITIONS }, (_, index) => index + 1),
  );
  expect(new Set(records.map(({ outcome }) => outcome.kind))).toEqual(new Set(['completed']));
});
