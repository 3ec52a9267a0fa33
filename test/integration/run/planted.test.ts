/** A difference that was put there is found by `regress`, with its sign and its size; and `run --aa` on a real guest. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Comparison } from '../../../harness/compare/index.ts';
import type { NoiseFloor } from '../../../harness/compare/index.ts';
import { fixturePlan, migbench, temporaryFolder } from './cli.ts';
import { plantedBuild } from './planted-build.ts';
import { needsGuests } from './runs.ts';

needsGuests();

test('pauses that are 400 ms longer are a regression of about that size, and exit code 99', async () => {
  const folder = await temporaryFolder();
  const [base, candidate] = [
    await plantedBuild(folder, 'base'),
    await plantedBuild(folder, 'candidate', 400),
  ];
  const out = join(folder, 'run');
  const ended = await migbench([
    ...['regress', '--base', base, '--candidate', candidate, '--out', out],
    ...['--plan', fixturePlan('tiny'), '--only', 'idle/precopy/*', '--repetitions', '4'],
    // One test, so that four against four can show something.
    ...['--metric', 'pause_ms', '--json'],
  ]);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 99, leftovers: [] });
  const { verdict, gate, cells } = JSON.parse(ended.stdout) as Comparison;
  expect(verdict).toBe('regressed');
  expect(gate?.passed).toBe(false);
  const metric = cells[0]?.metrics[0];
  expect(metric).toMatchObject({ verdict: 'regressed', effect: { kind: 'ratio' } });
  const change =
    (metric?.candidate.median?.value ?? Number.NaN) - (metric?.base.median?.value ?? Number.NaN);
  expect(change).toBeGreaterThan(300);
  expect(change).toBeLessThan(500);
});

test('run --aa: a noise floor that a comparison takes', async () => {
  const out = join(await temporaryFolder(), 'run');
  const ended = await migbench([
    ...['run', fixturePlan('tiny'), '--only', 'idle/precopy/*', '--aa', '--repetitions', '5'],
    ...['--out', out],
  ]);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0, leftovers: [] });
  expect(ended.stdout).toContain('Noise floor (the largest change that A/A could not exclude');
  const found = JSON.parse(await readFile(join(out, 'noise-floor.json'), 'utf8')) as NoiseFloor;
  expect(found.cells).toHaveLength(1);
  expect(found.cells[0]?.metrics.find(({ metric }) => metric === 'total_time_ms')?.n).toEqual([
    5, 5,
  ]);
  // It is noise, and not the whole figure.
  for (const metric of ['total_time_ms', 'transferred_bytes']) {
    expect(found.metrics[metric], metric).toBeGreaterThanOrEqual(0);
    expect(found.metrics[metric], metric).toBeLessThan(1);
  }
  const compared = await migbench(['compare', out, out, '--json']);
  const { options, cells } = JSON.parse(compared.stdout) as Comparison;
  expect(options.noiseFloorOf).toBe(out);
  const total = cells[0]?.metrics.find(({ metric }) => metric.key === 'totalTimeMs');
  expect(['no-change', 'inconclusive']).toContain(total?.verdict);
  expect(total?.minimumChange).toBe(Math.max(0.01, found.metrics['total_time_ms'] ?? 0));
});
