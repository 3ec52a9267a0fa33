/** What most tests of whole runs begin with: guests that can be had, a plan run to its end, a migration under way. */
import { join } from 'node:path';
import { beforeEach } from 'vitest';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import {
  eventually,
  fixturePlan,
  isReceiving,
  migbench,
  qemuOf,
  recordsOf,
  skipBecause,
  temporaryFolder,
  whyNoGuests,
  type Cli,
} from './cli.ts';
import { expectGoodEnd } from './good-end.ts';

/** Skip every test of this file (or `describe`) where no guest can be had, and say why. */
export function needsGuests(): void {
  beforeEach(async (context) => {
    const reason = await whyNoGuests();
    if (reason !== undefined) skipBecause(context, reason);
  });
}

/**
 * Run a plan of test/fixtures/plans to its end, which must be a good one.
 *
 * @param name of the run directory.
 */
export async function runPlan(plan: string, name = 'run') {
  const out = join(await temporaryFolder(), name);
  const run = await migbench(['run', fixturePlan(plan), '--out', out]);
  await expectGoodEnd(run, out);
  return { out, run, records: recordsOf(out) };
}

/** Print why a cell was skipped, for those who read the output. */
export function saySkipped({ labels, outcome }: TrialRecord): void {
  if (outcome.kind !== 'skipped') return;
  process.stderr.write(`${labels.workload}/${labels.setting} was skipped: ${outcome.detail}\n`);
}

/** Wait until a run's migration is under way; gives the destination's process. */
export function migrationUnderWay(cli: Cli): Promise<number> {
  return eventually('a migration under way', () => {
    const pid = qemuOf(cli, 'destination');
    return pid !== undefined && isReceiving(pid) ? pid : undefined;
  });
}
