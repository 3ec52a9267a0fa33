/** What the database's program does when its data is checked, without a server. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cProgram, noCompiler } from '../c-program.ts';

const SLOW_MS = 60_000;
const HOME = '/var/lib/postgresql';

const linesOf = (...args: readonly string[]) =>
  execFileSync(cProgram(['test/unit/workloads/database-alone.c']), args, { encoding: 'utf8' })
    .trim()
    .split('\n');
const intact = expect.stringMatching(/^intact .*; 7 transactions/u) as unknown;

describe.skipIf(noCompiler !== undefined)('the check of the database', () => {
  it('reads a disk again: the server and its file system are ended before it', () => {
    expect(linesOf('disk')).toEqual([
      'connect to bench',
      'signal 2 to process 100',
      'process 100 ends',
      'sync',
      `umount ${HOME}`,
      `mount /dev/vdb ${HOME}`,
      'process 101 begins',
      'connect to postgres',
      'connect to bench',
      // pg_amcheck
      'process 102 begins',
      'process 102 ends',
      intact,
    ]);
  }, SLOW_MS);

  it('leaves a server alone whose data is in memory', () => {
    expect(linesOf('tmpfs')).toEqual([
      'connect to bench',
      'process 101 begins',
      'process 101 ends',
      intact,
    ]);
  }, SLOW_MS);
});
