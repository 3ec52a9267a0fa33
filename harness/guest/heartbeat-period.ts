/**
 * How often the guest's heart may beat: often enough to see short stalls, seldom enough to cost the workload less than
 * 5 %. Under KVM 1 ms; under TCG the cost of a beat is measured on the warm guest.
 */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { window } from '../deadline.ts';
import { processCpuNanoseconds } from '../observe/cpu.ts';
import type { Machine } from '../qemu/machine.ts';
import { recipeKey, type GuestRecipe } from './recipe.ts';
import type { Stage } from './start-guest.ts';
import { rateBetween } from './telemetry-samples.ts';

/** Periods to choose from, µs. */
const SHORTEST_US = 1_000;
const LONGEST_US = 20_000;
const PERIODS_US: readonly number[] = [SHORTEST_US, 2_000, 5_000, 10_000, LONGEST_US];
/** The cost is measured at the shortest period, where it is largest; a beat costs the same at every period. */
const MEASURED_PERIOD_US = SHORTEST_US;
/** Most that the heartbeat may cost. */
const COST_LIMIT_PERCENT = 5;
/** Windows with and without the heartbeat, by turns, and the length of one, ms. */
const PAIRS = 6;
const WINDOW_MS = 300;
const COMMAND_TIMEOUT_MS = 5_000;

const choiceSchema = z.object({
  periodUs: z.number(),
  /** Of the workload's throughput, or of a processor where it has none of its own; absent under KVM. */
  costPercent: z.number().optional(),
  costOf: z.enum(['throughput', 'processor']).optional(),
});

/** A period, and what it costs. */
export type HeartbeatChoice = z.infer<typeof choiceSchema>;

/** The shortest period that costs less than 5 %, from the cost at 1 ms; the longest where none does. */
export function choosePeriod(
  costAt1msPercent: number,
): Pick<HeartbeatChoice, 'periodUs' | 'costPercent'> {
  const costAt = (periodUs: number) =>
    (Math.max(0, costAt1msPercent) * MEASURED_PERIOD_US) / periodUs;
  const periodUs = PERIODS_US.find((period) => costAt(period) < COST_LIMIT_PERCENT) ?? LONGEST_US;
  return { periodUs, costPercent: Math.round(costAt(periodUs) * 10) / 10 };
}

/**
 * Choose the period for a warm guest under load, and remember it for guests of the same recipe on this host.
 *
 * @param cache the cache's folder of small facts; nothing is remembered where absent.
 * @throws MigbenchError `interrupted`, `guest`.
 */
export async function heartbeatChoice(
  stage: Stage,
  recipe: GuestRecipe,
  machine: Machine,
  cache: string | undefined,
): Promise<HeartbeatChoice> {
  if (recipe.accelerator === 'kvm') return { periodUs: SHORTEST_US };
  const host = cpus()[0]?.model ?? '';
  const name = createHash('sha256')
    .update(`${recipeKey(recipe)} ${host}`)
    .digest('hex');
  const path = cache === undefined ? undefined : join(cache, `heartbeat-${name.slice(0, 16)}.json`);
  return rememberedPeriod(path, () => measure(stage, recipe, machine));
}

/** The choice in a file, else a measured one, which is kept there where the cache can be written. */
export async function rememberedPeriod(
  path: string | undefined,
  measureIt: () => Promise<HeartbeatChoice>,
): Promise<HeartbeatChoice> {
  if (path === undefined) return measureIt();
  const known = await readChoice(path);
  if (known !== undefined) return known;
  const choice = await measureIt();
  await mkdir(dirname(path), { recursive: true })
    .then(() => writeFile(path, JSON.stringify(choice)))
    .catch(() => undefined);
  return choice;
}

async function readChoice(path: string): Promise<HeartbeatChoice | undefined> {
  try {
    return choiceSchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

async function measure(
  stage: Stage,
  recipe: GuestRecipe,
  machine: Machine,
): Promise<HeartbeatChoice> {
  const { telemetry, sandbox, signal } = stage;
  // Somebody must listen, or every beat would cost the guest a refusal as well.
  const sink = createSocket('udp4');
  sink.bind(0, sandbox.clientAddress);
  await once(sink, 'listening');
  const wait = { timeoutMs: COMMAND_TIMEOUT_MS, signal };
  const ofThroughput = recipe.workload.loop(recipe.parameters) === 'closed';
  const observe = async (): Promise<number> => {
    const fromMs = performance.now();
    const before = processCpuNanoseconds(machine.process.pid);
    await window(WINDOW_MS, signal);
    const toMs = performance.now();
    const used = (processCpuNanoseconds(machine.process.pid) - before) / 1e6;
    const lastMs = telemetry.samples.at(-1)?.arrivedMs ?? toMs;
    return ofThroughput
      ? (rateBetween(telemetry.samples, fromMs, lastMs) ?? Number.NaN)
      : (100 * used) / (toMs - fromMs);
  };
  const costs: number[] = [];
  try {
    for (let pair = 0; pair < PAIRS; pair++) {
      const without = await observe();
      await telemetry.command(
        'heartbeat',
        [String(sink.address().port), String(MEASURED_PERIOD_US)],
        wait,
      );
      const with1ms = await observe();
      await telemetry.command('heartbeat', ['off'], wait);
      const cost = ofThroughput ? 100 * (1 - with1ms / without) : with1ms - without;
      if (Number.isFinite(cost)) costs.push(cost);
    }
  } finally {
    sink.close();
  }
  costs.sort((one, other) => one - other);
  const low = costs[Math.floor((costs.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
  const high = costs[Math.ceil((costs.length - 1) / 2)] ?? low;
  return { ...choosePeriod((low + high) / 2), costOf: ofThroughput ? 'throughput' : 'processor' };
}
