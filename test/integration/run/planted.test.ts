/** A difference that was put there is found by `regress`, with its sign and its size; and `run --aa` on a real guest. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Comparison } from '../../../harness/compare/index.ts';
import type { NoiseFloor } from '../../../harness/compare/index.ts';
import { fixturePlan, migbench, recordsOf, temporaryFolder } from './cli.ts';
import { expectGoodEnd } from './good-end.ts';
import { plantedBuild } from './planted-build.ts';
import { needsGuests } from './runs.ts';

needsGuests();

/** So long that a busy host hardly makes a pause of the base as long. */
const PLANTED_MS = 1_500;

test('pauses that are 1.5 s longer are a regression of about that size, and exit code 99', async () => {
  const folder = await temporaryFolder();
  const [base, candidate] = [
    await plantedBuild(folder, 'base'),
    await plantedBuild(folder, 'candidate', PLANTED_MS),
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
  // As exactly as the pauses of either build are known.
  const known = Math.max(150, ...pausesByBuild(out).map(spreadOf));
  expect(Math.abs(change - PLANTED_MS), ended.stderr).toBeLessThan(known);
});

/** The pauses of each build, ms. */
function pausesByBuild(out: string): number[][] {
  const found = new Map<string, number[]>();
  for (const { qemu, measurements } of recordsOf(out)) {
    const pauses = found.get(qemu.source.reference) ?? [];
    found.set(qemu.source.reference, [...pauses, measurements.pauseMs ?? Number.NaN]);
  }
  return [...found.values()];
}

const spreadOf = (figures: readonly number[]) => Math.max(...figures) - Math.min(...figures);

test('run --aa: a noise floor that a comparison takes', async () => {
  const out = join(await temporaryFolder(), 'run');
  const ended = await migbench([
    ...['run', fixturePlan('tiny'), '--only', 'idle/precopy/*', '--aa', '--repetitions', '5'],
    ...['--out', out],
  ]);
  await expectGoodEnd(ended, out);
  expect(ended.stdout).toContain('Noise floor (the largest change that A/A could not exclude');
  const found = JSON.parse(await readFile(join(out, 'noise-floor.json'), 'utf8')) as NoiseFloor;
  expect(found.cells).toHaveLength(1);
  expect(found.cells[0]?.metrics.find(({ metric }) => metric === 'total_time_ms')?.n).toEqual([
    5, 5,
  ]);
  // It is noise, and not the whole figure.
  expect(found.metrics['transferred_bytes']).toBeGreaterThanOrEqual(0);
  expect(found.metrics['transferred_bytes']).toBeLessThan(1);
  // No ratio of two of the run's own times is further from 1, however long a busy host held one of them up.
  const times = recordsOf(out).map(({ measurements }) => measurements.totalTimeMs ?? Number.NaN);
  expect(times).toHaveLength(10);
  expect(found.metrics['total_time_ms']).toBeGreaterThan(0);
  expect(found.metrics['total_time_ms']).toBeLessThanOrEqual(
    Math.max(...times) / Math.min(...times) - 1 + 1e-9,
  );
  const compared = await migbench(['compare', out, out, '--json']);
  const { options, cells } = JSON.parse(compared.stdout) as Comparison;
  expect(options.noiseFloorOf).toBe(out);
  const total = cells[0]?.metrics.find(({ metric }) => metric.key === 'totalTimeMs');
  expect(['no-change', 'inconclusive']).toContain(total?.verdict);
  expect(total?.minimumChange).toBe(Math.max(0.01, found.metrics['total_time_ms'] ?? 0));
});
