/** Migrations over TLS on real QEMU: with credentials of the run's own, and with bad ones of the user's. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificates, type Certificates } from '../../../harness/migration/certificates.ts';
import { linesOf, migbench, recordsOf, temporaryFolder } from './cli.ts';
import { needsGuests, runPlan, saySkipped } from './runs.ts';

needsGuests();

test('certificates and a shared key, in one connection and in several: intact, and encrypted', async () => {
  const { out, records } = await runPlan('tls');
  expect(records).toHaveLength(6);
  for (const record of records) {
    const { labels, outcome, integrity, effective, transport, artifacts } = record;
    const what = `${labels.setting}: ${JSON.stringify(outcome)}`;
    if (labels.setting === 'x509-postcopy' && outcome.kind === 'skipped') {
      expect(['not-supported', 'host-forbids'], what).toContain(outcome.reason);
      saySkipped(record);
      continue;
    }
    expect(outcome, what).toEqual({ kind: 'completed' });
    expect(integrity, what).toBe('intact');
    expect(transport, what).toBe(labels.setting === 'plain' ? 'tcp' : 'tls');
    const told = linesOf(join(out, artifacts['destinationQmp'] ?? '')).map(
      (line) => (JSON.parse(line) as { message: { execute?: string } }).message.execute,
    );
    // A destination serves once, and multifd's channels are set before it listens.
    expect(
      told.filter((name) => name === 'migrate-incoming'),
      what,
    ).toHaveLength(1);
    expect(told.lastIndexOf('migrate-set-parameters'), what).toBeLessThan(
      told.indexOf('migrate-incoming'),
    );
    expect(effective?.destination.parameters['multifd-channels'], what).toBe(
      effective?.source.parameters['multifd-channels'],
    );
    for (const side of [effective?.source, effective?.destination]) {
      const expected = labels.setting === 'plain' ? '' : 'migration-tls';
      expect(side?.parameters['tls-creds'], what).toBe(expected);
    }
  }
});

/** A plan whose settings take their certificates from these folders. */
function planWith(folders: Readonly<Record<string, string>>): string {
  const settings = Object.entries(folders).map(
    ([label, folder]) =>
      `  ${label}: { transport: tls, tls: { directory: '${folder}', hostname: host2 } }`,
  );
  return [
    'name: own-certificates',
    'guest: { memory: 192MiB, vcpus: 1 }',
    'accelerator: tcg',
    'workloads: [idle]',
    'links: [{ bandwidth: unlimited }]',
    'settings:',
    ...settings,
    'parameters: { max-bandwidth: unlimited }',
    'windows: { baseline: 100ms, settle: 100ms, settle-limit: 1s }',
    'repetitions: 1',
    '',
  ].join('\n');
}

async function store(folder: string, made: Certificates): Promise<string> {
  await mkdir(folder);
  const files = {
    'ca-cert.pem': made.authority.certificate,
    'server-cert.pem': made.destination.certificate,
    'server-key.pem': made.destination.key,
    'client-cert.pem': made.source.certificate,
    'client-key.pem': made.source.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test('own certificates that are good, expired, missing or for another host: each says so, and the run goes on', async () => {
  const folder = await temporaryFolder();
  // The sandbox mounts its own files over /run where nothing there is in use.
  const hidden = await mkdtemp('/run/lock/migbench-').catch((error: unknown) => {
    process.stderr.write(`Credentials below /run are not tried: ${String(error)}\n`);
    return folder;
  });
  onTestFinished(() => rm(hidden, { recursive: true, force: true }));
  const past = { from: new Date('2020-01-01'), to: new Date('2020-01-02') };
  const folders = {
    good: await store(join(hidden, 'good'), await makeCertificates('host2')),
    expired: await store(join(folder, 'expired'), await makeCertificates('host2', past)),
    missing: await store(join(folder, 'missing'), await makeCertificates('host2')),
    another: await store(join(folder, 'another'), await makeCertificates('host3')),
  };
  await rm(join(folders.missing, 'server-cert.pem'));
  const plan = join(folder, 'plan.yaml');
  await writeFile(plan, planWith(folders));
  const out = join(folder, 'run');
  const run = await migbench(['run', plan, '--out', out]);
  // Trials failed that nobody expected to.
  expect(run, run.stderr).toMatchObject({ exitCode: 4, leftovers: [] });
  const outcomes = new Map(recordsOf(out).map(({ labels, outcome }) => [labels.setting, outcome]));
  expect(outcomes.get('good'), JSON.stringify(outcomes.get('good'))).toEqual({ kind: 'completed' });
  for (const label of ['expired', 'missing']) {
    expect(outcomes.get(label), label).toMatchObject({ kind: 'failed', reason: 'setup-error' });
  }
  expect(outcomes.get('expired')).toHaveProperty('detail', expect.stringMatching(/expired/u));
  expect(outcomes.get('missing')).toHaveProperty('detail', expect.stringMatching(/server-cert/u));
  expect(outcomes.get('another'), JSON.stringify(outcomes.get('another'))).toMatchObject({
    kind: 'failed',
    reason: 'migration-error',
  });
});
