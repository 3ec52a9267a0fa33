/** Writing whole reports, of synthetic runs on the disk. */
import { join } from 'node:path';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { writeReport } from '../../../reports/index.ts';
import type { Measurement } from '../measurement.ts';
import { TIMELINE_SAMPLES, writeSyntheticRun } from '../synthetic-run.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { timeTasks, type Task } from './tasks.ts';

const ITERATIONS = 5;

/** The quickstart is 24 cells × 2; the large one makes 100 cells × 20 of it. */
const runs: readonly { readonly trials: number; readonly overrides: readonly string[] }[] = [
  { trials: 48, overrides: [] },
  {
    trials: 2000,
    overrides: [
      `links=[${[100, 200, 300, 500, 1000].map((rate) => `{bandwidth: ${rate}Mbit/s}`).join(', ')}]`,
      `workloads=[idle, ${[5, 10, 20, 30].map((rate) => `{id: memory-stress, dirty-rate: ${rate}MiB/s}`).join(', ')}]`,
      'repetitions=20',
    ],
  },
];

export async function timeReports(signal: AbortSignal): Promise<Measurement[]> {
  await using folder = await temporaryFolder();
  const tasks: Task[] = [];
  for (const { trials, overrides } of runs) {
    const file = join(packageRoot, 'plans', 'quickstart.yaml');
    const { plan } = await loadPlanFile({ file, overrides });
    const directory = join(folder.path, String(trials));
    const written = await writeSyntheticRun(directory, plan);
    if (written !== trials) throw new Error(`Expected ${trials} trials, found ${written}.`);
    tasks.push({
      name: `write the report of ${trials} trials`,
      run: () => writeReport(directory),
      note: `${plan.cells.length} cells, ${TIMELINE_SAMPLES} timeline samples per trial, all formats`,
    });
  }
  return await timeTasks('report', tasks, { timeMs: 0, iterations: ITERATIONS }, signal);
}
