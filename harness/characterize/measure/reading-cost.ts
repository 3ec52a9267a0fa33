/**
 * What reading a guest's memory costs it: its throughput while memory is read again and again, by turns with when it is
 * left alone. Turns are short and in the order A B B A, so that a throughput that swings or drifts by itself meets both alike.
 */
import { window } from '../../deadline.ts';
import { rateBetween, type Sample } from '../../guest/telemetry-samples.ts';
import type { RamReader } from './ram-reader.ts';

/** Units per second in one turn of each kind, next to each other. */
export interface CostPair {
  readonly alone: number;
  readonly read: number;
}

/** Percent of the throughput that is lost while memory is being read; the bounds are of 95 %. */
export interface ReadingLoss {
  readonly pairs: number;
  readonly low: number;
  readonly expected: number;
  readonly high: number;
}

const PAIRS = 8;
/** A turn, and its beginning, which still shows what was before: samples are under way for a while. */
const TURN_MS = 1_500;
const SKIPPED_MS = 250;
/** Student's t for 95 % (two-sided), by degrees of freedom from 1 to 7. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365] as const;

/** About 24 s. Empty for a guest that counts no work. */
export async function readingCost(
  reader: RamReader,
  samples: () => readonly Sample[],
  signal: AbortSignal,
): Promise<readonly CostPair[]> {
  const turns: Record<keyof CostPair, [fromMs: number, toMs: number][]> = { alone: [], read: [] };
  const turn = async (kind: keyof CostPair): Promise<void> => {
    const fromMs = performance.now();
    if (kind === 'alone') await window(TURN_MS, signal);
    else while (performance.now() - fromMs < TURN_MS) await reader.scan();
    turns[kind].push([fromMs + SKIPPED_MS, performance.now()]);
  };
  const rates = (): CostPair[] =>
    turns.alone.flatMap(([from, to], index) => {
      const [readFrom = 0, readTo = 0] = turns.read[index] ?? [];
      const end = samples().at(-1)?.arrivedMs ?? 0;
      const alone = rateBetween(samples(), from, Math.min(to, end));
      const read = rateBetween(samples(), readFrom, Math.min(readTo, end));
      return alone === undefined || read === undefined || alone <= 0 ? [] : [{ alone, read }];
    });
  for (let pair = 0; pair < PAIRS; pair += 1) {
    signal.throwIfAborted();
    await turn(pair % 2 === 0 ? 'alone' : 'read');
    await turn(pair % 2 === 0 ? 'read' : 'alone');
    if (pair === 1 && rates().length === 0) return [];
  }
  return rates();
}

/** The loss, by the ratio of the sums; `undefined` below two pairs. */
export function readingLoss(pairs: readonly CostPair[]): ReadingLoss | undefined {
  const count = pairs.length;
  const alone = pairs.reduce((sum, pair) => sum + pair.alone, 0);
  if (count < 2 || alone <= 0) return undefined;
  const ratio = pairs.reduce((sum, pair) => sum + pair.read, 0) / alone;
  // The usual error of a ratio estimate: the spread of what the pairs leave over.
  const squares = pairs.reduce((sum, pair) => sum + (pair.read - ratio * pair.alone) ** 2, 0);
  const error = Math.sqrt(squares / (count * (count - 1))) / (alone / count);
  const bound = (STUDENT[Math.min(count - 1, STUDENT.length) - 1] ?? 2) * error;
  return {
    pairs: count,
    low: 100 * (1 - ratio - bound),
    expected: 100 * (1 - ratio),
    high: 100 * (1 - ratio + bound),
  };
}
