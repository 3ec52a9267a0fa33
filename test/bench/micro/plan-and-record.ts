/** What happens once per run or once per trial. */
import { join } from 'node:path';
import { medianInterval } from '../../../harness/analysis/median-interval.ts';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { checked } from '../../../harness/record/parse.ts';
import { trialRecordSchema } from '../../../harness/record/schema.ts';
import { syntheticRecords } from '../synthetic-run.ts';
import type { Task } from './tasks.ts';

const quickstart = join(packageRoot, 'plans', 'quickstart.yaml');
const FIGURES = 30;

export async function planAndRecordTasks(): Promise<readonly Task[]> {
  const { plan } = await loadPlanFile({ file: quickstart, overrides: [] });
  const [record] = syntheticRecords(plan);
  if (record === undefined) throw new Error('The plan has no trials.');
  const line = JSON.stringify(record);
  const figures = Array.from({ length: FIGURES }, (_, index) => ({
    value: (index * 7919) % 104729,
    censored: index % 10 === 0,
  }));
  return [
    {
      name: 'load and expand plans/quickstart.yaml',
      run: () => loadPlanFile({ file: quickstart, overrides: [] }),
    },
    {
      name: `check and write a record’s line (${(line.length / 1000).toFixed(1)} kB)`,
      run: () => JSON.stringify(trialRecordSchema.parse(record)),
    },
    {
      name: 'parse and check a record’s line',
      run: () => checked(trialRecordSchema, JSON.parse(line) as unknown, 'bench'),
    },
    { name: `median interval of ${FIGURES} figures`, run: () => medianInterval(figures) },
  ];
}
