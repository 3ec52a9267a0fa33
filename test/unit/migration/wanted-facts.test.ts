/** What templates are measured for, where a job has no trials of its own left. */
import { expect, test } from 'vitest';
import { wantedFacts } from '../../../harness/migration/prepare.ts';
import { plannedTrial } from './fixtures.ts';

const cellWith = (heartbeat: 'auto' | 'off' | number) =>
  plannedTrial({ probes: { heartbeat, service: true } }).cell;

/** A job with these cells, and trials of the first so many of them. */
const job = (cells: ReturnType<typeof cellWith>[], trialsOf: number) => ({
  ...{ cells, cacheDirectory: '/cache' },
  trials: cells.slice(0, trialsOf).map((cell) => ({ ...plannedTrial(), cell })),
});

test('blocks may be added of any cell: the heartbeat is measured where one of them leaves its period open', () => {
  const wanted = { heartbeat: true, folder: '/cache/facts' };
  expect(wantedFacts(job([cellWith('auto')], 0))).toEqual(wanted);
  expect(wantedFacts(job([cellWith('off'), cellWith('auto')], 1))).toEqual(wanted);
});

test('no cell leaves it open: the 3 to 4 s are saved', () => {
  expect(wantedFacts(job([cellWith('off'), cellWith(5000)], 2)).heartbeat).toBe(false);
});
