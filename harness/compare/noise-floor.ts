/**
 * The noise floor of a host: how large a change comes about where nothing was changed. A run with `--aa` does every
 * cell as A and as B; what their comparison cannot tell from "no change" is no change elsewhere either.
 *
 * Blocks are taken in pairs, the first as A and the second as B, and the other way round in the next pair, so that a
 * steady drift falls out.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { metrics as catalogue, type Metric } from '../analysis/metrics.ts';
import { writeFileAtomically } from '../record/durable.ts';
import { NOISE_FLOOR_FILE } from '../record/layout.ts';
import { checked, parseJson } from '../record/parse.ts';
import { systemErrorCode, MigbenchError } from '../errors.ts';
import { effectOf, figuresOf, scaleOf, strataOf, type PlacedFigure } from './sample.ts';
import { readSide, type CellData, type RunSide } from './side.ts';
import type { CompareOptions } from './types.ts';

const floorSchema = z.object({
  /** Its column. */
  metric: z.string(),
  /** Trials as A and as B that have it. */
  n: z.tuple([z.number(), z.number()]),
  kind: z.enum(['ratio', 'difference']),
  /** B to A, as everywhere; near "no change" unless the host was disturbed. */
  estimate: z.number().optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  /** The greater end of the interval as a relative change; absent where n is too small, or it is a difference. */
  floor: z.number().optional(),
});

const noiseFloorSchema = z.object({
  schemaVersion: z.literal(1),
  runId: z.string(),
  /** Of the intervals, as a fraction. */
  confidence: z.number(),
  cells: z.array(z.object({ cellId: z.string(), metrics: z.array(floorSchema) })),
  /** The highest floor of each metric, by its column. */
  metrics: z.record(z.string(), z.number()),
});

/** RUN/noise-floor.json. */
export type NoiseFloor = z.infer<typeof noiseFloorSchema>;
type Floor = z.infer<typeof floorSchema>;

const CONFIDENCE = 0.95;

/** A and B of a cell. */
function halves(placed: readonly PlacedFigure[]): {
  readonly a: readonly PlacedFigure[];
  readonly b: readonly PlacedFigure[];
} {
  const isA = ({ block }: PlacedFigure) => block % 4 === 0 || block % 4 === 3;
  // A pair of blocks is what a block is elsewhere: the figures of one moment.
  const paired = placed.map((each) => ({ ...each, block: Math.floor(each.block / 2) }));
  return {
    a: paired.filter((_, index) => isA(placed[index] as PlacedFigure)),
    b: paired.filter((_, index) => !isA(placed[index] as PlacedFigure)),
  };
}

function floorOf(metric: Metric, cell: CellData): Floor | undefined {
  const placed = figuresOf(metric, cell);
  const { a, b } = halves(placed);
  if (a.length === 0 || b.length === 0) return undefined;
  const scale = scaleOf(placed);
  const effect = effectOf(strataOf(a, b, { sameRun: true, scale }), scale, CONFIDENCE);
  const { low, high } = effect?.interval ?? {};
  return {
    metric: metric.column,
    n: [a.length, b.length],
    kind: scale,
    ...(effect?.estimate === undefined ? {} : { estimate: effect.estimate }),
    ...(low === undefined ? {} : { low }),
    ...(high === undefined ? {} : { high }),
    ...(scale === 'ratio' && low !== undefined && high !== undefined
      ? { floor: Math.max(high, 1 / low) - 1 }
      : {}),
  };
}

/** The noise floor of a run whose trials are taken as A and B by turns. Pure. */
export function noiseFloorOf({ environment, cells }: RunSide): NoiseFloor {
  const found = cells.map((cell) => ({
    cellId: cell.cellId,
    metrics: catalogue.flatMap((metric) => floorOf(metric, cell) ?? []),
  }));
  const highest = new Map<string, number>();
  for (const { metric, floor } of found.flatMap((cell) => cell.metrics)) {
    if (floor !== undefined) highest.set(metric, Math.max(floor, highest.get(metric) ?? 0));
  }
  return {
    schemaVersion: 1,
    runId: environment.runId,
    confidence: CONFIDENCE,
    cells: found,
    metrics: Object.fromEntries(highest),
  };
}

/**
 * Work the noise floor of a run out, and write it into its directory.
 *
 * @throws MigbenchError `record` where the run cannot be read.
 */
export async function writeNoiseFloor(directory: string): Promise<NoiseFloor> {
  const found = noiseFloorOf(await readSide(directory));
  await writeFileAtomically(
    join(directory, NOISE_FLOOR_FILE),
    `${JSON.stringify(found, null, 2)}\n`,
  );
  return found;
}

/**
 * The noise floor that a run directory holds; `undefined` where it has none.
 *
 * @throws MigbenchError `record` where its file is damaged.
 */
export async function readNoiseFloor(directory: string): Promise<NoiseFloor | undefined> {
  const path = join(directory, NOISE_FLOOR_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new MigbenchError('record', `${path} cannot be read.`, { cause: error });
  });
  if (text === undefined) return undefined;
  const parsed = parseJson(text);
  if (parsed === undefined) throw new MigbenchError('record', `${path}: not JSON.`);
  return checked(noiseFloorSchema, parsed.value, path);
}

/** For `CompareOptions`: a cell's own floor, else the highest that the metric has. */
export function noiseFloorLookup(found: NoiseFloor): NonNullable<CompareOptions['noiseFloor']> {
  const columns = new Map(catalogue.map(({ key, column }) => [key, column]));
  const cells = new Map(
    found.cells.map(({ cellId, metrics }) => [
      cellId,
      new Map(metrics.map(({ metric, floor }) => [metric, floor])),
    ]),
  );
  return (key, cellId) => {
    const column = columns.get(key) ?? '';
    const own = cells.get(cellId);
    return own?.get(column) ?? found.metrics[column];
  };
}
