/** The shortest period that costs less than 5 %, and what is remembered of it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { choosePeriod, rememberedPeriod } from '../../../harness/guest/heartbeat-period.ts';
import { temporaryFolder } from '../record/temporary.ts';

it.each([
  [-1, 1_000, 0],
  [4.9, 1_000, 4.9],
  [5, 2_000, 2.5],
  [12, 5_000, 2.4],
  [30, 10_000, 3],
  [500, 20_000, 25],
])('%d %% at 1 ms: %d µs for %d %%', (costAt1ms, periodUs, costPercent) => {
  expect(choosePeriod(costAt1ms)).toEqual({ periodUs, costPercent });
});

it('is measured once where the cache can be written, and each time where it cannot', async () => {
  let measured = 0;
  const measure = () => Promise.resolve({ periodUs: 1_000 * (measured += 1) });
  const folder = await temporaryFolder();
  const path = join(folder, 'facts', 'heartbeat.json');
  expect(await rememberedPeriod(path, measure)).toEqual({ periodUs: 1_000 });
  expect(await rememberedPeriod(path, measure)).toEqual({ periodUs: 1_000 });
  const file = join(folder, 'file');
  await writeFile(file, '');
  expect(await rememberedPeriod(join(file, 'x.json'), measure)).toEqual({ periodUs: 2_000 });
  expect(await rememberedPeriod(undefined, measure)).toEqual({ periodUs: 3_000 });
});
