/** The service probe on real guests: a migration as the database's client saw it, and a client that is refused. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { findSandboxKind } from '../../../harness/sandbox/enter.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { Cli, fixturePlan, skipBecause, temporaryFolder, whyNoGuests } from '../run/cli.ts';
import { goodRecord, recordWithoutProbe } from './one-trial.ts';

/** One tick of the client under TCG, ms. */
const TICK_MS = 50;

let unfit: string | undefined;
beforeAll(async () => {
  const { guestNetwork, notes } = await findSandboxKind(new AbortController().signal);
  unfit = guestNetwork === 'user' ? notes.join(' ') : await whyNoGuests();
});

test('the database’s client sees the pause, and TCP’s recovery after it', async (context) => {
  if (unfit !== undefined) skipBecause(context, unfit);
  const out = join(await temporaryFolder(), 'run');
  await using cli = await Cli.start(['run', fixturePlan('service'), '--out', out]);
  const record = await goodRecord(cli, out);
  const { pauseMs = NaN, serviceOutageMs = NaN, serviceErrors } = record.measurements;
  expect(pauseMs).toBeGreaterThan(1);
  expect(serviceOutageMs).toBeGreaterThan(pauseMs - TICK_MS);
  // Twice the pause is what TCP's doubling of its timeout may make of it, and the rest is a busy host's.
  expect(serviceOutageMs).toBeLessThan(2 * pauseMs + 2_500);
  expect(serviceErrors).toBe(0);
  expect(record.details?.['service']).toMatchObject({ requestsPerSecond: 20, reconnects: 0 });
  expect(record.warnings.filter(({ code }) => code === 'probe-failed')).toEqual([]);
  const timeline = readFileSync(join(out, 'report', 'timeline.csv'), 'utf8');
  expect(timeline.split('\n').filter((row) => row.includes(',service,')).length).toBeGreaterThan(
    20,
  );
});

test('a client that is refused costs its columns and a warning, not the trial', async (context) => {
  if (unfit !== undefined) skipBecause(context, unfit);
  const folder = await temporaryFolder();
  const workload = join(folder, 'refused');
  cpSync(join(packageRoot, 'test', 'fixtures', 'workloads', 'counter'), workload, {
    recursive: true,
  });
  const definition = join(workload, 'workload.js');
  const changed = readFileSync(definition, 'utf8').replace(
    '\n};',
    "\n  service: { protocol: 'line', port: 4242, request: 'hello {n}' },\n};",
  );
  writeFileSync(definition, changed);
  const plan = join(folder, 'plan.yaml');
  const text = readFileSync(fixturePlan('service'), 'utf8');
  writeFileSync(plan, text.replace('{ id: database, clients: 2 }', '{ path: ./refused }'));
  const out = join(folder, 'run');
  await using cli = await Cli.start(['run', plan, '--out', out]);
  const words = /service probe failed .*port 4242.*ECONNREFUSED/u;
  const record = await recordWithoutProbe(cli, out, words);
  expect(record.measurements).not.toHaveProperty('serviceOutageMs');
  expect(record.measurements).not.toHaveProperty('serviceErrors');
  expect(record.measurements.pauseMs).toBeGreaterThan(0);
  expect(record.measurements.blackoutMs).toBeGreaterThan(0);
});
