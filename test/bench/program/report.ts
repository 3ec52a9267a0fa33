/** `migbench report` of runs of three sizes: its time, its memory, its page, and when a browser can use that. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { hostProgram, run } from '../../../harness/sandbox/process.ts';
import { measurementOf, type Measurement } from '../measurement.ts';
import { syntheticRuns, writeSyntheticRun } from '../synthetic-run.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { migbench } from './command-line.ts';

const REPETITIONS = 3;
const TIMEOUT_MS = 300_000;
/** The size of a page of 2,000 trials, and when it answers. */
const CLAIMED_BYTES = 10e6;
const CLAIMED_MS = 2000;
const CLAIMED_TRIALS = 2000;

/** Says the most memory that the process held (kB) as the last line of standard error. */
export const SAY_PEAK =
  "--import=data:text/javascript,process.on('exit',()=>process.stderr.write('\\npeak%20'+process.resourceUsage().maxRSS+'\\n'))";

export async function measureReports(signal: AbortSignal): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { trials, overrides } of syntheticRuns) {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, 'run');
    const file = join(packageRoot, 'plans', 'quickstart.yaml');
    await writeSyntheticRun(directory, (await loadPlanFile({ file, overrides })).plan);
    const times: number[] = [];
    const peaks: number[] = [];
    for (let i = 0; i < (trials > CLAIMED_TRIALS ? 1 : REPETITIONS); i += 1) {
      const start = performance.now();
      const { stderr } = await run(migbench, ['report', directory], {
        signal,
        timeoutMs: TIMEOUT_MS,
        env: { NODE_OPTIONS: SAY_PEAK },
      });
      times.push(performance.now() - start);
      peaks.push(Number(/^peak (\d+)$/m.exec(stderr)?.[1]) * 1024);
    }
    const page = join(directory, 'report', 'index.html');
    const { size } = await stat(page);
    const claims = trials <= CLAIMED_TRIALS;
    const name = (what: string) => `${what} of ${trials} trials`;
    measurements.push(
      measurementOf({ group: 'reports', name: name('write the report'), unit: 'ms' }, times),
      measurementOf({ group: 'reports', name: name('peak memory, report'), unit: 'bytes' }, peaks),
      measurementOf(
        {
          ...({ group: 'reports', name: name('page'), unit: 'bytes' } as const),
          ...(claims ? { claimedBelow: CLAIMED_BYTES } : {}),
        },
        [size],
      ),
      await usable(page, name('page usable'), claims, signal),
    );
  }
  return measurements;
}

/** From opening the file to the moment at which filters and buttons answer, in the distribution's Chromium. */
async function usable(
  page: string,
  name: string,
  claims: boolean,
  signal: AbortSignal,
): Promise<Measurement> {
  const described = {
    ...({ group: 'reports', name, unit: 'ms' } as const),
    ...(claims ? { claimedBelow: CLAIMED_MS } : {}),
  };
  const found = await run(hostProgram('sh'), ['-c', 'command -v chromium || true'], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const executablePath = found.stdout.trim();
  if (executablePath === '') return { ...described, n: 0, note: 'not measured: no chromium' };
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const times: number[] = [];
    for (let i = 0; i < REPETITIONS; i += 1) {
      signal.throwIfAborted();
      const tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await tab.goto(`file://${page}`);
      await tab.waitForSelector('html[data-ready]', { timeout: TIMEOUT_MS });
      times.push(
        Number(await tab.evaluate("performance.getEntriesByName('migbench-usable')[0].startTime")),
      );
      await tab.close();
    }
    return measurementOf(described, times);
  } finally {
    await browser.close();
  }
}
