/** Cards of guests whose load changes while it is measured: the card says so. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCard } from '../../harness/characterize/card.ts';
import { packageRoot } from '../../harness/paths.ts';
import { migbench, temporaryFolder } from '../integration/run/cli.ts';
import { needsGuests } from '../integration/run/runs.ts';

const LIMIT_MS = 240_000;
const changing = join(packageRoot, 'test', 'fixtures', 'workloads', 'changing');

needsGuests();

describe('characterize', () => {
  test.each([
    ['phases', /It has phases: /u, /has phases: the curve mixes them/u],
    ['drift', /It drifts: /u, /drifts: what it dirties changed/u],
  ])('a load with %s is reported as such', async (mode, verdict, warning) => {
    const out = join(await temporaryFolder(), mode);
    const { exitCode, stderr, stdout } = await migbench(
      [
        ...['characterize', changing, '--set', `workloads.0.mode=${mode}`],
        ...['--windows', '1s,10s', '--out', out],
      ],
      { timeoutMs: LIMIT_MS },
    );
    expect(exitCode, stderr).toBe(0);
    const { phases, warnings } = await readCard(out);
    expect(phases.kind, phases.detail).toBe(mode);
    // 4 and 40 MiB/s; a drift runs through all of that within a minute, of which half is seen.
    const [first = 0, last = 0] = phases.levels!;
    expect(last / first).toBeGreaterThan(1.4);
    expect(stdout).toMatch(verdict);
    expect(warnings.join(' ')).toMatch(warning);
    expect(await readFile(join(out, 'card.md'), 'utf8')).toMatch(verdict);
  });
});
