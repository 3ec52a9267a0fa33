/** Killing a run with SIGKILL at random moments, and going on with it each time. */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { Cli, eventually, migbench, qemuOf, recordsOf, visibleOutside } from './cli.ts';
import { expectGoodEnd } from './good-end.ts';

export interface KillingOptions {
  readonly plan: string;
  readonly out: string;
  readonly kills: number;
  /** Decides the moments. */
  readonly seed: number;
  readonly repetitions: number;
}

/** What a moment is counted from, so that slow hosts are killed at the same places as fast ones. */
const anchors = ['its start', 'the boot of a guest', 'a trial'] as const;
/** How long after that the kill may come, ms: a trial and a part of the next. */
const longestMs = { 'its start': 3_000, 'the boot of a guest': 4_000, 'a trial': 14_000 };

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const argumentsFor = ({ plan, out, repetitions }: KillingOptions): string[] =>
  // A run that was killed before its directory was complete is begun anew.
  existsSync(join(out, 'environment.json'))
    ? ['run', '--resume', out]
    : ['run', plan, '--out', out, '--repetitions', String(repetitions)];

/** Wait for what a moment is counted from; returns early where the run ends. */
async function reach(cli: Cli, anchor: (typeof anchors)[number]): Promise<void> {
  if (anchor === 'its start') return;
  const at = anchor === 'a trial' ? 'trials' : 'templates';
  await eventually(anchor, () =>
    cli.process.exit !== undefined || qemuOf(cli, 'source', at) !== undefined ? true : undefined,
  );
}

/**
 * Start or resume a run and kill it, `kills` times; then let it end. After each kill: nothing of it lives, nothing is
 * visible outside the sandbox, and what was recorded before is still there. Gives all records of the run.
 */
export async function killAtRandomMoments(options: KillingOptions): Promise<TrialRecord[]> {
  const { out, kills } = options;
  const random = randomNumbers(options.seed);
  for (let kill = 0; kill < kills; kill += 1) {
    const before = recordsOf(out).map(({ trialId }) => trialId);
    const anchor = anchors[kill % anchors.length] ?? 'its start';
    const momentMs = random() * longestMs[anchor];
    await using cli = await Cli.start(argumentsFor(options));
    await reach(cli, anchor);
    const exit = await cli.process.waitForExit(momentMs);
    const moment = `kill ${kill + 1}, ${Math.round(momentMs)} ms after ${anchor}`;
    const what = `${moment}; it had said: ${cli.stderr}`;
    if (exit === undefined) {
      cli.process.kill('SIGKILL');
      await cli.process.exited;
    } else {
      await expectGoodEnd(exit, out, what);
    }
    expect(await cli.leftovers(), what).toEqual([]);
    expect(visibleOutside(), what).toEqual([]);
    const after = recordsOf(out).map(({ trialId }) => trialId);
    expect(after.slice(0, before.length), what).toEqual(before);
    process.stderr.write(
      `${moment}: ${exit === undefined ? '' : 'had ended, '}${after.length} trials recorded\n`,
    );
  }
  const last = await migbench(argumentsFor(options));
  await expectGoodEnd(last, out);
  return recordsOf(out);
}
