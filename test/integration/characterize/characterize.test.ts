/**
 * Cards of real guests: the dirty curve against what the workload is known to dirty, a guest without a load, and a load
 * that ends. Loads that change are in test/long.
 */
import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCard } from '../../../harness/characterize/card.ts';
import { knownDirtyBytes } from '../../../harness/characterize/closed-forms.ts';
import { medianOf } from '../../../harness/analysis/numbers.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { workload as memoryStress } from '../../../workloads/memory-stress/workload.ts';

const MIB = 1024 * 1024;
/** Its own pace, whatever the host does meanwhile: what a stall has cost is made up for. */
const STRESS_BYTES_PER_SECOND = Number(memoryStress.parameters['dirty-rate']?.default);
const LIMIT_MS = 240_000;
/** The median of fewer is that of chance. */
const FEW_WINDOWS = 5;
const changing = join(packageRoot, 'test', 'fixtures', 'workloads', 'changing');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migbench-card-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function migbench(...args: string[]) {
  const main = join(packageRoot, 'dist', 'harness', 'cli', 'main.js');
  return execa(process.execPath, [main, ...args], { reject: false, timeout: LIMIT_MS });
}

describe('characterize', () => {
  test('measures what memory-stress is known to dirty, by two methods', async () => {
    const out = join(folder, 'known');
    const { exitCode, stderr } = await migbench(
      ...['characterize', 'memory-stress', '--windows', '100ms,500ms,1s,2s', '--out', out],
    );
    expect(exitCode, stderr).toBe(0);
    const card = await readCard(out);
    // At another time than the windows, and for ten seconds.
    const progress = (card.progressPerSecond! * 4096) / STRESS_BYTES_PER_SECOND;
    expect(progress).toBeGreaterThan(0.7);
    expect(progress).toBeLessThan(1.3);
    for (const { windowMs, uniqueDirtyBytes } of card.dirtyCurve) {
      const known = knownDirtyBytes(
        {
          pattern: 'random',
          threads: 1,
          workingSetBytes: 64 * MIB,
          writtenBytesPerSecond: STRESS_BYTES_PER_SECOND,
        },
        windowMs,
      );
      // The system around the workload dirties a quarter of a MiB or so (docs/models.md).
      const ratio = uniqueDirtyBytes.median / (known + 0.25 * MIB);
      const what = JSON.stringify({ windowMs, uniqueDirtyBytes });
      // A busy host leaves few of the short windows, and a stall in one of them is then much of the median.
      const areFew = windowMs < 900 && uniqueDirtyBytes.n < FEW_WINDOWS;
      expect(ratio, what).toBeGreaterThan(areFew ? 0.5 : 0.9);
      // A host that others share stretches a short window before its end is read: only ever to more.
      const above = windowMs < 200 ? 1.25 : 1.1;
      expect(ratio, what).toBeLessThan(areFew ? 2 : above);
    }
    const sampled = card.crossChecks!.filter(({ method }) => method.endsWith('page-sampling'));
    expect(sampled.length).toBeGreaterThan(0);
    // Two readings of each window: one window of several may meet a stall.
    const differences = sampled.map(({ differencePercent }) => Math.abs(differencePercent!));
    expect(medianOf(differences), JSON.stringify(sampled)).toBeLessThan(30);
    // A busy host may leave too few readings to tell.
    expect(['steady', 'unknown']).toContain(card.phases.kind);
    expect(card.nonZeroBytes / MIB).toBeGreaterThan(100);
    expect(card.compressionRatio).toBeGreaterThan(1.1);
    // A guest that sleeps most of the time makes up for what it loses; on a busy host the bounds are wide.
    expect(card.readingLossPercent!.low).toBeLessThan(10);
    expect(card.disturbancePercent).toBeLessThan(5);
    const predicted = await migbench('predict', out, '--bandwidth', '1Gbit/s', '--json');
    expect(JSON.parse(predicted.stdout)).toMatchObject({
      predictions: [{ convergence: 'yes' }, {}, {}, {}, {}, {}],
    });
  });
});

// Side by side: guests that are idle most of the time.
describe.concurrent('characterize, without a load', () => {
  test('a guest that idles is said to', async () => {
    const out = join(folder, 'idle');
    const { exitCode, stderr, stdout } = await migbench(
      ...['characterize', 'idle', '--windows', '100ms,1s,2s', '--out', out],
    );
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('warning: The guest is all but idle');
    const card = await readCard(out);
    expect(card.progressPerSecond).toBeUndefined();
    expect(card.readingLossPercent).toBeUndefined();
    expect(card.dirtyCurve[0]!.uniqueDirtyBytes.median).toBeLessThan(MIB);
  });

  test('a load that ends is refused', async () => {
    const ended = await migbench(
      ...['characterize', changing, '--set', 'workloads.0.mode=ends', '--out', join(folder, 'x')],
    );
    expect(ended.exitCode).not.toBe(0);
    expect(ended.stderr).toContain('The workload exited while it was measured');
  });
});
