/** Thresholds in a plan file: errors have their place, and a single run takes none that needs a baseline. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';

const file = join(packageRoot, 'test/fixtures/plans/tiny.yaml');

async function load(thresholds: string, withoutBaseline = false) {
  const text = `guest: { memory: 192MiB }
workloads: [idle]
links: [{ bandwidth: 1Gbit/s }]
settings: { precopy: {} }
thresholds: ${thresholds}
`;
  return loadPlanFile({ file, text, overrides: [], withoutBaseline });
}

test('an unknown metric: file, line, column, and the nearest', async () => {
  await expect(load("['outcome == completed', 'pausems < 3']")).rejects.toMatchObject({
    code: 'plan-invalid',
    message: expect.stringMatching(
      /tiny\.yaml:5:38: thresholds\.1: there is no metric "pausems".*did you mean "pause_ms"/u,
    ) as unknown,
  });
});

test('a change against a baseline is for comparisons', async () => {
  const { plan } = await load("['total_time_ms <= +5%']");
  expect(plan.thresholds).toEqual(['total_time_ms <= +5%']);
  await expect(load("['total_time_ms <= +5%']", true)).rejects.toThrow(
    /5:14: thresholds\.0: "total_time_ms <= \+5%" compares with a baseline.*migbench regress/u,
  );
});
