/** The command that runs a run again, and what its figures hold for. */
import { expect, test } from 'vitest';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { reproduceCommand, runFacts } from '../../../reports/facts.ts';
import { environment } from '../compare/fixture.ts';
import { readEveryOutcome } from './fixture.ts';

const command = (changes: Partial<typeof environment>) =>
  reproduceCommand({ environment: { ...environment, ...changes } });

test('of a run: its changes and its cells', () => {
  expect(command({})).toBe('migbench run plan.yaml');
  expect(command({ overrides: ['repetitions=3'], only: 'idle/*', untilPrecision: 0.025 })).toBe(
    "migbench run plan.yaml --set repetitions=3 --only 'idle/*' --until-precision 2.5%",
  );
  expect(
    command({ thresholds: ['pause_ms < 300ms', 'pause_ms<300ms', 'outcome==completed'] }),
  ).toBe("migbench run plan.yaml --threshold 'pause_ms < 300ms' --threshold outcome==completed");
  // As often as A and as B: the repetitions on record are those of both.
  expect(command({ aa: true, overrides: ['guest.vcpus=2', 'repetitions=6'] })).toBe(
    'migbench run plan.yaml --set guest.vcpus=2 --aa',
  );
});

test('of regress: its builds', () => {
  const builds = ['debian:bookworm', 'path:/opt/my qemu'];
  expect(
    command({
      ...{ base: 'debian-bookworm', bootedBy: 'debian:bookworm' },
      overrides: [`qemu=${JSON.stringify(builds)}`, 'repetitions=3'],
    }),
  ).toBe(
    "migbench regress --base debian:bookworm --candidate 'path:/opt/my qemu' --plan plan.yaml --set repetitions=3",
  );
  const cross = [...builds, { source: builds[0], destination: builds[1] }];
  expect(command({ base: 'x', overrides: [`qemu=${JSON.stringify(cross)}`] })).toBe(
    "migbench regress --base debian:bookworm --candidate 'path:/opt/my qemu' --pairs cross --guests own --plan plan.yaml",
  );
});

test('of the observers: what they took of the host and of the guests, as far as it was measured', async () => {
  const [one] = (await readEveryOutcome()).records;
  const oneRecord = { ...one, details: {} } as TrialRecord;
  const watched = (details: TrialRecord['details']) => ({ ...oneRecord, details });
  const observers = (records: readonly TrialRecord[]) =>
    runFacts({ environment, records }).find(([name]) => name === 'Observers')?.[1];
  expect(observers([oneRecord])).toBeUndefined();
  expect(observers([watched({ counters: { observerCpuPercent: 4.24 } })])).toBe(
    '4.24% of a processor during a migration (median; most 4.24%)',
  );
  expect(
    observers([
      watched({ counters: { observerCpuPercent: 3 }, heartbeat: { periodUs: 1000 } }),
      watched({
        counters: { observerCpuPercent: 5 },
        heartbeat: { periodUs: 20_000, costPercent: 4.1 },
      }),
      watched({ counters: { observerCpuPercent: 12 } }),
    ]),
  ).toBe(
    '5% of a processor during a migration (median; most 12%); a heartbeat every 1 ms to 20 ms, ' +
      'which costs 4.1% of the workload’s throughput (of a processor where it has none)',
  );
});
