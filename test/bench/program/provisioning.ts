/** How long it takes to provide a run with its builds, its image and its tools, when all of them are in the cache. */
import { fileURLToPath } from 'node:url';
import { run } from '../../../harness/sandbox/process.ts';
import { measurementOf, type Measurement } from '../measurement.ts';
import { nodeProgram } from './command-line.ts';

const REPETITIONS = 5;
const CLAIMED_MS = 5_000;
/** The first may have to download everything. */
const TIMEOUT_MS = 1_800_000;

export async function timeProvisioning(
  planFile: string,
  signal: AbortSignal,
): Promise<Measurement[]> {
  const entry = fileURLToPath(import.meta.resolve('./provision-once.js'));
  const once = async (): Promise<number> =>
    Number((await run(nodeProgram(entry), [planFile], { signal, timeoutMs: TIMEOUT_MS })).stdout);
  // What is missing in the cache is fetched now.
  await once();
  const figures: number[] = [];
  while (figures.length < REPETITIONS) figures.push(await once());
  const described = {
    group: 'program',
    name: 'provision from a warm cache',
    unit: 'ms',
    claimedBelow: CLAIMED_MS,
  } as const;
  return [measurementOf(described, figures)];
}
