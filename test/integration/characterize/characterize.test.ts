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
import { packageRoot } from '../../../harness/paths.ts';

const MIB = 1024 * 1024;
const LIMIT_MS = 240_000;
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
    for (const { windowMs, uniqueDirtyBytes } of card.dirtyCurve) {
      const known = knownDirtyBytes(
        {
          pattern: 'random',
          threads: 1,
          workingSetBytes: 64 * MIB,
          writtenBytesPerSecond: card.progressPerSecond! * 4096,
        },
        windowMs,
      );
      // The system around the workload dirties a quarter of a MiB or so (docs/models.md).
      expect(uniqueDirtyBytes.median, `${windowMs} ms`).toBeGreaterThan(0.9 * (known + 0.25 * MIB));
      // A host that others share stretches a short window before its end is read: only ever to more.
      const above = windowMs < 200 ? 1.25 : 1.1;
      expect(uniqueDirtyBytes.median, `${windowMs} ms`).toBeLessThan(above * (known + 0.25 * MIB));
    }
    const sampled = card.crossChecks!.filter(({ method }) => method.endsWith('page-sampling'));
    expect(sampled.length).toBeGreaterThan(0);
    for (const { differencePercent } of sampled) {
      expect(Math.abs(differencePercent!)).toBeLessThan(30);
    }
    // A busy host may leave too few readings to tell.
    expect(['steady', 'unknown']).toContain(card.phases.kind);
    expect(card.nonZeroBytes / MIB).toBeGreaterThan(100);
    expect(card.compressionRatio).toBeGreaterThan(1.1);
    // A guest that sleeps most of the time makes up for what it loses.
    expect(card.readingLossPercent!.expected).toBeLessThan(10);
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
