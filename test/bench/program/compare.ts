/** `migbench compare` of 10,000 trials: its time and its memory. */
import { join } from 'node:path';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { run } from '../../../harness/sandbox/process.ts';
import { measurementOf, type Measurement } from '../measurement.ts';
import { manyCells, writeSyntheticRun } from '../synthetic-run.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { migbench } from './command-line.ts';
import { SAY_PEAK } from './report.ts';

const ROUNDS = 5;
const TIMEOUT_MS = 60_000;
const CLAIMED_MS = 2000;
const CLAIMED_BYTES = 300e6;
/** 100 cells × 50 on either side. */
const REPETITIONS = 50;

export async function measureComparison(signal: AbortSignal): Promise<Measurement[]> {
  await using folder = await temporaryFolder();
  const file = join(packageRoot, 'plans', 'quickstart.yaml');
  const sides = ['base', 'candidate'].map((name) => join(folder.path, name));
  let trials = 0;
  for (const [index, directory] of sides.entries()) {
    const overrides = [...manyCells, `repetitions=${REPETITIONS}`, `seed=${index + 1}`];
    trials += await writeSyntheticRun(directory, (await loadPlanFile({ file, overrides })).plan);
  }
  const times: number[] = [];
  const peaks: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const start = performance.now();
    const { stderr } = await run(migbench, ['compare', ...sides], {
      signal,
      timeoutMs: TIMEOUT_MS,
      env: { NODE_OPTIONS: SAY_PEAK },
    });
    times.push(performance.now() - start);
    peaks.push(Number(/^peak (\d+)$/m.exec(stderr)?.[1]) * 1024);
  }
  return [
    measurementOf(
      {
        ...({ group: 'compare', name: `compare ${trials} trials`, unit: 'ms' } as const),
        claimedBelow: CLAIMED_MS,
      },
      times,
    ),
    measurementOf(
      {
        ...({ group: 'compare', name: `peak memory, compare ${trials}`, unit: 'bytes' } as const),
        claimedBelow: CLAIMED_BYTES,
      },
      peaks,
    ),
  ];
}
