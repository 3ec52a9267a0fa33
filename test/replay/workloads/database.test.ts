/** What the database's program does when its data is checked, without a server. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cProgram, needsCompiler } from '../c-program.ts';

needsCompiler();

const SLOW_MS = 60_000;
const HOME = '/var/lib/postgresql';

const totals = 'number of transactions actually processed: 7\n';

/** @param pgbench its wait status and its words. */
const linesOf = (data: string, pgbench: readonly [number, string] = [0, totals]) =>
  execFileSync(
    cProgram(['test/replay/workloads/database-alone.c']),
    [data, String(pgbench[0]), pgbench[1]],
    { encoding: 'utf8' },
  )
    .trim()
    .split('\n')
    .filter((line) => !/^(?:progress \d+|stopped)$/u.test(line));
const intact = expect.stringMatching(/^intact .*; 7 transactions/u) as unknown;

describe('the check of the database', () => {
  it(
    'reads a disk again: the server and its file system are ended before it',
    () => {
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
    },
    SLOW_MS,
  );

  it(
    'leaves a server alone whose data is in memory',
    () => {
      expect(linesOf('tmpfs')).toEqual([
        'connect to bench',
        'process 101 begins',
        'process 101 ends',
        intact,
      ]);
    },
    SLOW_MS,
  );

  it(
    'tells of a session that ended of an error, though the sums agree',
    () => {
      const words = 'pgbench: error: client 0 script 0 aborted in command 4 query 0: ERROR\n';
      expect(linesOf('disk', [2 << 8, words + totals])).toEqual([
        'connect to bench',
        `damaged a session of pgbench was aborted: ${(words + totals).replaceAll('\n', ' ').trim()}`,
      ]);
    },
    SLOW_MS,
  );
});
