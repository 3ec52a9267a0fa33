/** Why a migration failed: which QEMU died, what it said, or how the conversation broke. */
import { MigbenchError, messageOf } from '../errors.ts';
import type { QmpClient } from '../qmp/index.ts';
import { describeExit, type RunningProcess } from '../sandbox/running.ts';
import type { MigrationEnd } from './observation.ts';

/** One of the two QEMUs, as much of it as a migration needs. */
export interface MigrationSide {
  /** "source", "destination": used in messages. */
  readonly label: string;
  readonly qmp: QmpClient;
  readonly process: Pick<RunningProcess, 'waitForExit'>;
  /** What it wrote to its standard error; empty where it wrote nothing. */
  readonly ownWords: string;
}

export interface Sides {
  readonly source: MigrationSide;
  readonly destination: MigrationSide;
}

/** A destination whose migration failed leaves by itself within this time, ms. */
const LEAVING_MS = 500;
/** A QEMU that dies closes its socket at most this much before its exit is reported, on a busy host too, ms. */
const EXIT_REPORT_MS = 1_000;

/**
 * QEMU said itself that the migration is over and did not succeed.
 *
 * @param preface what the harness knows of it; comes before QEMU's own words.
 */
export async function brokenMigration(
  reason: 'migration-error' | 'postcopy-paused',
  sides: Sides,
  preface?: string,
): Promise<MigrationEnd> {
  const said = await wordsOf(sides);
  const words = preface === undefined ? said : `${preface} ${said}`;
  // A destination that died is the cause; the source only sees its connection break. One that left a
  // pre-copy by itself, with exit code 1, did so because the stream broke: that is a consequence.
  const exit = await sides.destination.process.waitForExit(LEAVING_MS);
  const isConsequence = reason === 'migration-error' && exit?.exitCode === 1;
  if (exit === undefined || isConsequence) return { kind: 'failed', reason, detail: words };
  return {
    kind: 'failed',
    reason: 'destination-exited',
    detail: `The destination QEMU ${describeExit(exit)}.${sides.destination.ownWords} ${words}`,
  };
}

/** QEMU's own words for why a migration ended; both sides' where both have some. */
async function wordsOf({ source, destination }: Sides): Promise<string> {
  const said = await source.qmp.execute('query-migrate').then(
    (reply) => reply['error-desc'],
    () => undefined,
  );
  const words = [said ?? 'QEMU gave no reason', source.ownWords, destination.ownWords];
  return words.filter((text) => text !== '').join(' ');
}

/**
 * What an error in the conversation with a QEMU means for the migration.
 *
 * @throws the error itself where it is a defect of migbench.
 */
export async function failureOf(error: unknown, sides: Sides): Promise<MigrationEnd> {
  const reasons = [
    { machine: sides.source, reason: 'source-exited' as const },
    { machine: sides.destination, reason: 'destination-exited' as const },
  ];
  for (const { machine, reason } of reasons) {
    const exit = await machine.process.waitForExit(EXIT_REPORT_MS);
    if (exit === undefined) continue;
    return {
      kind: 'failed',
      reason,
      detail: `The ${machine.label} QEMU ${describeExit(exit)}.${machine.ownWords}`,
    };
  }
  const code = error instanceof MigbenchError ? error.code : 'internal';
  if (code === 'internal') throw error;
  return {
    kind: 'failed',
    reason: code === 'qmp-timeout' ? 'qmp-timeout' : 'qmp-error',
    detail: messageOf(error),
  };
}
