/**
 * Differences that were put there, on real QEMUs with twenty trials a side: each is called, with the right sign, and the
 * 99 % interval holds its size; and where nothing was put, nothing is called. docs/methodology.md has what was found.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hodgesLehmann } from '../../harness/analysis/hodges-lehmann.ts';
import type { Comparison } from '../../harness/compare/index.ts';
import { packageRoot } from '../../harness/paths.ts';
import type { TrialRecord } from '../../harness/record/schema.ts';
import { migbench, recordsOf, temporaryFolder } from '../integration/run/cli.ts';
import { expectGoodEnd } from '../integration/run/good-end.ts';
import { plantedBuild } from '../integration/run/planted-build.ts';
import { needsGuests } from '../integration/run/runs.ts';

/** A guest with nearly no memory to spare. */
const filler = join(packageRoot, 'test', 'fixtures', 'workloads', 'filler');
const N = Number(process.env['PLANTED_N'] ?? 20);
/** Of the quickstart's cells only these, a glob: with all of them A/A takes two hours. */
const ONLY = process.env['PLANTED_ONLY'];
const CONFIDENCE = 0.99;
/** Longest that a run may take, ms. */
const RUN_TIMEOUT_MS = 3.5 * 3_600_000;

needsGuests();

/** Runs are kept where `PLANTED_OUT` says, to be looked at; `PLANTED_N` makes a shorter rehearsal. */
async function runFolder(name: string): Promise<string> {
  const kept = process.env['PLANTED_OUT'];
  if (kept === undefined) return join(await temporaryFolder(), name);
  await mkdir(kept, { recursive: true });
  return join(kept, name);
}

/** A cell of a plan, with what the plans have in common. */
const plan = (lines: string, memory = '192MiB') => `guest: { memory: ${memory}, vcpus: 1 }
parameters: { max-bandwidth: unlimited, downtime-limit: 300ms }
windows: { baseline: 200ms, settle: 200ms, settle-limit: 2s }
repetitions: ${N}
deadline: 60s
${lines}`;

async function compared(out: string, by: string, column: string): Promise<Comparison> {
  const confidence = `${CONFIDENCE * 100}%`;
  const ended = await migbench([
    ...['compare', out, '--by', by, '--metric', column, '--confidence', confidence, '--json'],
  ]);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
  return JSON.parse(ended.stdout) as Comparison;
}

/** Runs a plan, and gives the comparison of its two groups. */
async function planted(name: string, text: string, by: string, column: string) {
  const out = await runFolder(name);
  const file = `${out}.yaml`;
  await writeFile(file, text);
  const ended = await migbench(['run', file, '--out', out], { timeoutMs: RUN_TIMEOUT_MS });
  await expectGoodEnd(ended, out);
  const [metric] = (await compared(out, by, column)).cells[0]?.metrics ?? [];
  return { out, metric };
}

const timeOf = ({ measurements }: TrialRecord) => measurements.pauseMs ?? Number.NaN;

test('a link that is 10 % slower', async () => {
  const { metric } = await planted(
    'slower-link',
    plan(`workloads: [idle]
links: [{ bandwidth: 200Mbit/s }, { bandwidth: 180Mbit/s }]
settings: { precopy: {} }`),
    'link',
    'total_time_ms',
  );
  expect(metric).toMatchObject({ verdict: 'regressed' });
  const { low = Infinity, high = 0 } = metric?.effect?.interval ?? {};
  expect(low).toBeLessThanOrEqual(200 / 180);
  expect(high).toBeGreaterThanOrEqual(200 / 180);
});

test('a pause that is 150 ms longer', async () => {
  const folder = await temporaryFolder();
  const base = await plantedBuild(folder, 'base');
  const candidate = await plantedBuild(folder, 'candidate', 150);
  const out = await runFolder('longer-pause');
  const file = `${out}.yaml`;
  await writeFile(
    file,
    // Over a slow link the pages that are still in the queues would go on meanwhile: less than all of it would be added.
    plan(`workloads: [idle]
links: [{ bandwidth: unlimited }]
settings: { precopy: {} }`),
  );
  const ended = await migbench(
    ['regress', '--base', base, '--candidate', candidate, '--plan', file, '--out', out],
    { timeoutMs: RUN_TIMEOUT_MS },
  );
  expect(ended, ended.stderr).toMatchObject({ exitCode: 99 });
  expect(ended.stderr + ended.stdout).toContain('pause_ms does not regress');
  const pauses = (reference: string) =>
    recordsOf(out)
      .filter(({ qemu }) => qemu.source.reference === reference)
      .map(timeOf);
  // What was planted is a difference, not a ratio.
  const shift = hodgesLehmann([{ base: pauses(base), candidate: pauses(candidate) }], CONFIDENCE);
  expect(shift?.interval?.low).toBeLessThanOrEqual(150);
  expect(shift?.interval?.high).toBeGreaterThanOrEqual(150);
});

test('10 % more bytes: pages of zeros that are sent as they are', async () => {
  const { out, metric } = await planted(
    'more-bytes',
    // What is neither the system's nor filled is zeros: about a tenth of what is sent.
    plan(
      `workloads: [{ path: ${JSON.stringify(filler)}, fill: 160MiB }]
links: [{ bandwidth: 1Gbit/s }]
settings: { plain: {}, zeros: { parameters: { zero-page-detection: none } } }`,
      '256MiB',
    ),
    'setting',
    'transferred_bytes',
  );
  expect(metric).toMatchObject({ verdict: 'regressed' });
  // A page of zeros takes 9 bytes where it is seen as such, and 4104 where it is not.
  const ratios = recordsOf(out)
    .filter(({ labels }) => labels.setting === 'plain')
    .map(
      ({ measurements: { transferredBytes = 0, zeroPages = 0 } }) =>
        (transferredBytes + zeroPages * (4104 - 9)) / transferredBytes,
    )
    .toSorted((a, b) => a - b);
  const truth = ratios[Math.floor(ratios.length / 2)] ?? 0;
  expect(truth).toBeGreaterThan(1.05);
  expect(truth).toBeLessThan(1.2);
  const { low = Infinity, high = 0 } = metric?.effect?.interval ?? {};
  expect(low).toBeLessThanOrEqual(truth);
  expect(high).toBeGreaterThanOrEqual(truth);
});

test('nothing, in the cells of the quickstart: nothing is called', async () => {
  const folder = await temporaryFolder();
  const [base, candidate] = [
    await plantedBuild(folder, 'base'),
    await plantedBuild(folder, 'same'),
  ];
  const out = await runFolder('nothing');
  const ended = await migbench(
    [
      ...['regress', '--base', base, '--candidate', candidate, '--repetitions', String(N)],
      ...['--plan', join(packageRoot, 'plans', 'quickstart.yaml'), '--out', out, '--json'],
      ...(ONLY === undefined ? [] : ['--only', ONLY]),
    ],
    { timeoutMs: RUN_TIMEOUT_MS },
  );
  await expectGoodEnd(ended, out);
  const { cells, gate } = JSON.parse(ended.stdout) as Comparison;
  if (ONLY === undefined) expect(cells).toHaveLength(24);
  expect(gate?.passed).toBe(true);
  const called = cells.flatMap(({ label, metrics }) =>
    metrics
      .filter(({ verdict }) => verdict === 'regressed' || verdict === 'improved')
      .map(({ metric }) => `${label}: ${metric.column}`),
  );
  expect(called).toEqual([]);
});
