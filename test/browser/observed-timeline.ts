/** The samples of a migration that no one measured: every kind that probes give. */
import type { TimelineSample } from '../../harness/record/schema.ts';

/** What makes one migration what it is; times in ms, rates in bits/s. */
export interface Shape {
  readonly workload: string;
  readonly setting: string;
  readonly link: readonly [label: string, bitsPerSecond: number];
  readonly qemu: string;
}

/** Of the guest, bytes. */
export const MEMORY = 1024 ** 3;
/** What a busy workload dirties, bytes per second. */
export const DIRTY_BYTES = 30 * 2 ** 20;

/** Steps of every kind of sample, from a second before to a second after the migration. */
export function observedTimeline(
  shape: Shape,
  totalMs: number,
  pauseMs: number,
  blackoutMs: number,
  stepMs: number,
  random: () => number,
): TimelineSample[] {
  const postcopy = shape.setting === 'postcopy';
  const stopMs = Math.round(postcopy ? totalMs * 0.6 : totalMs - pauseMs);
  const resumeMs = stopMs + Math.round(pauseMs);
  const samples: TimelineSample[] = [
    { atMs: 0, kind: 'phase', phase: 'setup', values: { endMs: 6 } },
    { atMs: 6, kind: 'phase', phase: 'pass 1', values: { endMs: Math.round(stopMs * 0.7) } },
    { atMs: Math.round(stopMs * 0.7), kind: 'phase', phase: 'pass 2', values: { endMs: stopMs } },
    { atMs: stopMs, kind: 'phase', phase: 'switchover', values: { endMs: resumeMs } },
    ...(postcopy
      ? ([{ atMs: stopMs, kind: 'phase', phase: 'postcopy', values: { endMs: totalMs } }] as const)
      : []),
    { atMs: resumeMs, kind: 'phase', phase: 'aftermath', values: { endMs: totalMs + 1000 } },
  ];
  let work = 0;
  for (let atMs = -1000; atMs <= totalMs + 1000; atMs += stepMs) {
    const during = atMs >= 0 && atMs <= totalMs;
    const still = atMs >= stopMs && atMs < resumeMs;
    const slow = postcopy && atMs >= resumeMs && atMs <= totalMs;
    const share = during ? atMs / totalMs : 0;
    const jitter = 0.95 + 0.1 * random();
    if (during) {
      samples.push({
        ...{ atMs, kind: 'migration', status: 'active', pass: atMs < stopMs * 0.7 ? 1 : 2 },
        remainingBytes: Math.round(MEMORY * 0.45 * (1 - share)),
        transferredBytes: Math.round(MEMORY * 0.45 * share),
        rateBitsPerSecond: Math.round(shape.link[1] * 0.95 * jitter),
        ...(shape.workload === 'idle'
          ? {}
          : { dirtyPagesPerSecond: Math.round((DIRTY_BYTES / 4096) * jitter) }),
        throttlePercent:
          shape.setting === 'auto-converge' ? Math.min(60, 20 + 10 * Math.floor(share * 5)) : 0,
      });
    }
    samples.push({
      ...{ atMs, kind: 'wire' },
      bytesToDestination: during ? Math.round((shape.link[1] / 8000) * stepMs * jitter) : 0,
      bytesToSource: during ? Math.round((shape.link[1] / 800_000) * stepMs * jitter) : 0,
    });
    if (shape.workload !== 'idle') {
      const rate = still ? 0 : 7680 * jitter * (slow ? 0.3 : 1);
      work += (rate * stepMs) / 1000;
      samples.push({
        atMs,
        kind: 'progress',
        progress: Math.round(work),
        progressPerSecond: Math.round(rate),
      });
    }
    const hole = atMs > resumeMs && atMs - stepMs <= resumeMs;
    samples.push({
      atMs,
      kind: 'heartbeat',
      values: { gapMs: hole ? Number(blackoutMs.toFixed(1)) : Number((1 + random()).toFixed(2)) },
    });
    if (shape.workload === 'database' && !still) {
      samples.push({
        atMs,
        kind: 'service',
        values: { latencyMs: Number((hole ? blackoutMs : (slow ? 60 : 6) * jitter).toFixed(2)) },
      });
    }
    const threads = ['source/CPU 0/TCG', 'source/live_migration', 'source/main'].map((name, i) => [
      name,
      during ? Math.round([80, 45, 6][i]! * jitter) : 3,
    ]);
    samples.push({
      ...{ atMs, kind: 'cpu' },
      values: {
        ...Object.fromEntries(threads),
        'destination/CPU 0/TCG': atMs > resumeMs ? Math.round(85 * jitter) : 0,
        'destination/main': during ? 30 : 1,
      },
    });
  }
  return samples.sort((a, b) => a.atMs - b.atMs);
}
