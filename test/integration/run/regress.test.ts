/** `regress` on real QEMUs: two builds in one run; blocks that are added; and its refusals. */
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Comparison } from '../../../harness/compare/index.ts';
import { readEnvironment } from '../../../harness/record/reader.ts';
import { fixturePlan, migbench, recordsOf, temporaryFolder } from './cli.ts';
import { expectGoodEnd } from './good-end.ts';
import { needsGuests } from './runs.ts';

const base = 'debian:bookworm';
const candidate = 'debian:trixie-backports';

describe('two builds', () => {
  needsGuests();

  test('are interleaved, begin from the same guest, are compared, and gone on with', async () => {
    const out = join(await temporaryFolder(), 'run');
    const started = await migbench([
      ...['regress', '--base', base, '--candidate', candidate, '--pairs', 'cross'],
      ...['--plan', fixturePlan('tiny'), '--only', 'memory-stress/precopy/*', '--out', out],
      // The limit is met by any build; that two trials a build show nothing is what fails the gate.
      ...['--repetitions', '2', '--threshold', 'total_time_ms <= +900%', '--format', 'junit'],
    ]);
    expect(started, started.stderr).toMatchObject({ exitCode: 99, leftovers: [] });
    expect(started.stdout).toContain('Gate: failed');
    expect(started.stdout).toContain('more repetitions are needed');

    const records = recordsOf(out);
    expect(records).toHaveLength(8);
    expect(new Set(records.map(({ outcome }) => outcome.kind))).toEqual(new Set(['completed']));
    expect(new Set(records.map(({ integrity }) => integrity))).toEqual(new Set(['intact']));
    const pairs = records.map(({ qemu }) => [qemu.source.reference, qemu.destination.reference]);
    for (const pair of [
      [base, base],
      [candidate, candidate],
      [base, candidate],
      [candidate, base],
    ]) {
      expect(pairs.filter((each) => each.join() === pair.join())).toHaveLength(2);
    }
    // One machine type for all, and one guest booted for all: it was saved by the base.
    expect(new Set(records.map(({ machineType }) => machineType)).size).toBe(1);
    const log = await readFile(join(out, 'run.log'), 'utf8');
    expect(log.match(/booted in/gu)).toHaveLength(1);
    expect(await readEnvironment(out)).toMatchObject({ base: 'debian-bookworm', bootedBy: base });

    const comparison = JSON.parse(
      await readFile(join(out, 'comparison', 'compare.json'), 'utf8'),
    ) as Comparison;
    expect(comparison.cells).toHaveLength(3);
    expect(comparison.base.name).toBe('debian-bookworm');
    // The same guest on both sides: small changes count.
    expect(comparison.options.minimumChange).toBe(0.01);
    expect(await readFile(join(out, 'comparison', 'junit.xml'), 'utf8')).toContain('<failure');
    expect(await readFile(join(out, 'report', 'junit.xml'), 'utf8')).toContain('<testsuites');

    // Nothing is left to run: it is only compared again, to the same bytes.
    const before = await readFile(join(out, 'comparison', 'index.html'));
    const again = await migbench(['regress', '--resume', out]);
    expect(again, again.stderr).toMatchObject({ exitCode: 99 });
    expect(recordsOf(out)).toHaveLength(8);
    expect(await readFile(join(out, 'comparison', 'index.html'))).toEqual(before);
  });

  test('blocks are added until the intervals are narrow, and no longer than that', async () => {
    const out = join(await temporaryFolder(), 'run');
    const ended = await migbench([
      ...['run', fixturePlan('tiny'), '--only', 'idle/precopy/*', '--out', out],
      // Every interval is, on a quiet host: six trials, which is what an interval takes, and no more.
      ...['--until-precision', '99%'],
    ]);
    await expectGoodEnd(ended, out);
    // A trial that was held up makes its interval too wide, and a block more is taken.
    const n = recordsOf(out).length;
    expect(n, ended.stderr).toBeGreaterThanOrEqual(6);
    expect(recordsOf(out).map(({ block }) => block)).toEqual([...Array(n).keys()]);
    expect((await readEnvironment(out)).plannedTrials).toBe(n);
    // Asked before each block but the first, and once more: only the last answer is that all are narrow.
    const answers = ended.stderr.split('\n').filter((line) => line.includes(' intervals are '));
    const tooWide = /^\d of 3 intervals are not within ±99 % yet; the widest: (?<widest>.+)$/u;
    const widest = answers.map((line) => tooWide.exec(line)?.groups?.['widest'] ?? line);
    expect(widest.slice(0, 5).join()).toMatch(/^(?:[^,]+, too few figures for one\.,?){5}$/u);
    for (const width of widest.slice(5, -1)) expect(width, ended.stderr).toMatch(/, ±[\d.]+ %\.$/u);
    expect(answers.slice(n - 1)).toEqual(['All 3 intervals are within ±99 %.']);
  });
});

describe('regress refuses', () => {
  test.each([
    [['--base', base], 'Name both builds'],
    [['--base', base, '--candidate', base], 'are both debian:bookworm'],
    [['--base', base, '--candidate', candidate, '--threshold', 'total_time<5'], 'total_time_ms'],
    [['--base', base, '--candidate', 'trixie'], 'debian:trixie'],
    [['--base', base, '--candidate', candidate, '--until-precision', 'x'], '--until-precision x'],
    [['--resume', '/nowhere', '--base', base], 'leave out --base'],
  ])('%j', async (args, message) => {
    const ended = await migbench(['regress', ...args]);
    expect(ended).toMatchObject({ exitCode: 2 });
    expect(ended.stderr).toContain(message);
  });

  test('a run that it did not begin', async () => {
    const run = join(await temporaryFolder(), 'run');
    await cp(join(import.meta.dirname, '../../fixtures/runs/every-outcome'), run, {
      recursive: true,
    });
    const ended = await migbench(['regress', '--resume', run]);
    expect(ended).toMatchObject({ exitCode: 2 });
    expect(ended.stderr).toContain('was not begun by regress');
  });
});
