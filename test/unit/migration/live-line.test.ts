/** The live line, and its silence around the switchover. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { liveLine, mayDraw } from '../../../harness/migration/live-line.ts';

const sample = {
  ...{ atMs: 1500, status: 'active', passes: 3, transferredBytes: 64 * 2 ** 20 },
  ...{ remainingBytes: 32 * 2 ** 20, rateBitsPerSecond: 200e6, dirtyPagesPerSecond: 2560 },
  ...{ pageSizeBytes: 4096, throttlePercent: 40 },
};

test('all that is known, and nothing that is not', () => {
  expect(liveLine('idle/precopy #1', sample)).toBe(
    'idle/precopy #1: active 1.5 s, pass 3, sent 64 MiB, remaining 32 MiB, at 200 Mbit/s, ' +
      'dirtying 10 MiB/s, throttled 40 %',
  );
  expect(liveLine('idle/precopy #1', { atMs: 5 })).toBe('idle/precopy #1: starting 5 ms');
});

test('stands still once less remains than three downtimes carry', () => {
  // 3 × 300 ms × 200 Mbit/s ÷ 8 = 22.5 MB.
  expect(mayDraw({ ...sample, remainingBytes: 22_500_001 }, false, 300)).toBe(true);
  expect(mayDraw({ ...sample, remainingBytes: 22_500_000 }, false, 300)).toBe(false);
  expect(mayDraw({ ...sample, remainingBytes: 22_500_000 }, false, 100)).toBe(true);
  // Where the plan names no limit, QEMU's default counts.
  expect(mayDraw({ ...sample, remainingBytes: 22_500_000 }, false)).toBe(false);
});

test('stands still where too little is known, and in every state but two', () => {
  expect(mayDraw({ atMs: 0, status: 'active', remainingBytes: 2 ** 40 }, false)).toBe(false);
  expect(mayDraw({ atMs: 0, status: 'active', rateBitsPerSecond: 1 }, false)).toBe(false);
  for (const status of ['setup', 'device', 'pre-switchover', 'completed', 'something-new']) {
    expect(mayDraw({ ...sample, remainingBytes: 2 ** 40, status }, false), status).toBe(false);
  }
  // QEMU says postcopy-active before it stops the guest: the switchover is over when the destination has resumed.
  expect(mayDraw({ atMs: 0, status: 'postcopy-active' }, false)).toBe(false);
  expect(mayDraw({ atMs: 0, status: 'postcopy-active' }, true)).toBe(true);
});

test('whoever may draw may also draw with more left', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(),
      fc.nat({ max: 1e9 }),
      fc.nat({ max: 1e4 }),
      (a, b, rate, limit) => {
        const may = (remainingBytes: number) =>
          mayDraw({ ...sample, remainingBytes, rateBitsPerSecond: rate }, false, limit);
        expect(may(Math.min(a, b)) && !may(Math.max(a, b))).toBe(false);
      },
    ),
  );
});
