/** Writing whole reports, of synthetic runs on the disk. */
import { join } from 'node:path';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { writeReport } from '../../../reports/index.ts';
import type { Measurement } from '../measurement.ts';
import { TIMELINE_SAMPLES, syntheticRuns, writeSyntheticRun } from '../synthetic-run.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { timeTasks, type Task } from './tasks.ts';

const ITERATIONS = 5;

/** Reports of these many trials are written in this process; larger ones are in program/report.ts. */
const runs = syntheticRuns.filter(({ trials }) => trials <= 2000);

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
