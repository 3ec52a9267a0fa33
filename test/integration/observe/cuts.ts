/** Ground truth for the service's client: the service network is cut for a known time, and it says how long it was. */
import { join } from 'node:path';
import { openToolbox } from '../../../harness/debian/toolbox.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { chooseScratch, findSandboxKind } from '../../../harness/sandbox/enter.ts';
import { run } from '../../../harness/sandbox/process.ts';

/** One cut; all in ms. */
export interface Cut {
  readonly askedMs: number;
  /** It lasted for at least and at most this long, as the injector saw it. */
  readonly leastMs: number;
  readonly mostMs: number;
  /** How long a UDP echo heard nothing, less its period of 5 ms. */
  readonly echoMs: number;
  /** How long the service's client, over TCP, had no answer. */
  readonly serviceMs: number;
}

export const ECHO_PERIOD_MS = 5;
/** How far the echo may be from the cut beyond its period, ms. */
export const CUT_TOLERANCE_MS = 5;

/** Why there is no network to cut here; `undefined` where there is one. */
export async function whyNoCuts(): Promise<string | undefined> {
  const { mode, notes } = await findSandboxKind(new AbortController().signal);
  return mode === 'loopback' ? notes.join(' ') : undefined;
}

/** Cut the service network for each of the lengths, `readings` times, by turns. */
export async function cutNetwork(
  lengthsMs: readonly number[],
  readings: number,
): Promise<{ readonly cuts: readonly Cut[]; readonly reconnects: number }> {
  const kind = await findSandboxKind(new AbortController().signal);
  const toolbox = await openToolbox(['ip', 'tc'], {});
  const tools = { ip: toolbox.program('ip'), tc: toolbox.program('tc') };
  const inUse = [packageRoot, process.cwd(), process.execPath, toolbox.program('ip').file];
  const { stdout } = await run(
    kind.entrance,
    [
      ...[process.execPath, join(packageRoot, 'test', 'integration', 'observe', 'cuts-inside.mjs')],
      ...[join(packageRoot, 'dist'), chooseScratch(kind.mode, inUse)],
      ...[JSON.stringify(lengthsMs), String(readings)],
    ],
    {
      timeoutMs: 60_000 + readings * lengthsMs.reduce((sum, ms) => sum + ms + 3_000, 0),
      input: JSON.stringify(tools),
    },
  );
  const { results, reconnects } = JSON.parse(stdout) as { results: Cut[]; reconnects: number };
  return { cuts: results, reconnects };
}

/** Whether the echo heard nothing for as long as the cut, and not for longer. */
export function isRight({ echoMs, leastMs, mostMs }: Cut): boolean {
  const slackMs = ECHO_PERIOD_MS + CUT_TOLERANCE_MS;
  return echoMs >= leastMs - slackMs && echoMs <= mostMs + slackMs;
}

/** Part of the readings of a length at which the echo was right. */
export function shareOfEchoes(cuts: readonly Cut[], askedMs: number): number {
  const own = cuts.filter((cut) => cut.askedMs === askedMs);
  return own.filter(isRight).length / own.length;
}
