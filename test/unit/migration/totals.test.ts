/** QEMU's own figures: present where they mean something, absent elsewhere. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TimedSample } from '../../../harness/migration/observation.ts';
import { known, totalsOf, withoutTimes } from '../../../harness/migration/totals.ts';
import { observation } from './fixtures.ts';

const first: TimedSample = {
  ...{ atMs: 10, status: 'active', totalTimeMs: 10, setupTimeMs: 3, expectedDowntimeMs: 300 },
  ...{ transferredBytes: 1_000_000, passes: 1, normalPages: 200, zeroPages: 40 },
  ...{ dirtyPagesPerSecond: 0, throttlePercent: 20, postcopyRequests: 0 },
};
const second: TimedSample = {
  ...{ ...first, atMs: 900, expectedDowntimeMs: 41, transferredBytes: 90_000_000, passes: 2 },
  ...{ dirtyPagesPerSecond: 1200, throttlePercent: 40 },
};
const final: TimedSample = {
  ...{ atMs: 1100, status: 'completed', totalTimeMs: 1003, setupTimeMs: 3, downtimeMs: 17 },
  ...{ expectedDowntimeMs: 0, transferredBytes: 100_000_000, passes: 3, normalPages: 24_000 },
  ...{ zeroPages: 28_000, dirtyPagesPerSecond: 0, postcopyRequests: 12 },
};

test('completed: the final answer, and the last non-zero of what QEMU resets', () => {
  const totals = totalsOf(observation({ samples: [first, second, final], final, pauseMs: 20.5 }));
  expect(totals).toEqual({
    totalTimeMs: 1003,
    setupTimeMs: 3,
    downtimeMs: 17,
    expectedDowntimeMs: 41,
    dirtyPagesPerSecond: 1200,
    pauseMs: 20.5,
    transferredBytes: 100_000_000,
    passes: 3,
    normalPages: 24_000,
    zeroPages: 28_000,
    throttleMaxPercent: 40,
    // 100 MB × 8 ÷ (1003 − 3) ms.
    throughputBitsPerSecond: 800_000_000,
    postcopyRequests: 12,
  });
});

test('completed without totals (7.2 with multifd, for a moment): unknown, not 0', () => {
  const { transferredBytes: _, ...rest } = final;
  const empty: TimedSample = { ...rest, totalTimeMs: 0, downtimeMs: 0 };
  const totals = totalsOf(observation({ samples: [second, empty], final: empty, pauseMs: 311 }));
  for (const name of ['totalTimeMs', 'setupTimeMs', 'downtimeMs', 'throughputBitsPerSecond']) {
    expect(totals).not.toHaveProperty(name);
  }
  // What is known from before is kept.
  expect(totals).toMatchObject({ pauseMs: 311, transferredBytes: 90_000_000, passes: 2 });
});

test('not converged: counters of the last sample that had them, but no times', () => {
  const cancelled: TimedSample = { atMs: 20_050, status: 'cancelled' };
  const totals = totalsOf(
    observation({
      end: { kind: 'not-converged', detail: '' },
      samples: [first, second, cancelled],
      final: cancelled,
    }),
  );
  expect(totals).toEqual({
    expectedDowntimeMs: 41,
    dirtyPagesPerSecond: 1200,
    transferredBytes: 90_000_000,
    passes: 2,
    normalPages: 200,
    zeroPages: 40,
    throttleMaxPercent: 40,
    postcopyRequests: 0,
  });
});

test('a migration that no one could ask about has no figures', () => {
  expect(
    totalsOf(observation({ end: { kind: 'failed', reason: 'source-exited', detail: '' } })),
  ).toEqual({});
});

test('what is unknown is left out, what is 0 stays', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.option(fc.nat(), { nil: undefined })), (values) => {
      const kept = known(values);
      expect(Object.values(kept)).not.toContain(undefined);
      for (const [name, value] of Object.entries(values)) {
        if (value !== undefined) expect(Object.entries(kept)).toContainEqual([name, value]);
      }
    }),
  );
});

test('auto-converge that never throttled: 0, because QEMU is silent then', () => {
  const { throttlePercent: _, ...quiet } = first;
  expect(totalsOf(observation({ samples: [quiet] }), true).throttleMaxPercent).toBe(0);
  expect(totalsOf(observation({ samples: [quiet] }))).not.toHaveProperty('throttleMaxPercent');
  expect(totalsOf(observation({ samples: [first] }), true).throttleMaxPercent).toBe(20);
});

test('a migration of hours has more samples than a function takes arguments', () => {
  const samples = Array.from({ length: 400_000 }, (_, index) => (index === 7 ? second : first));
  expect(totalsOf(observation({ samples })).throttleMaxPercent).toBe(40);
});

test('a trial that did not complete has no downtime, pause or total time, and all its other figures', () => {
  expect(withoutTimes({ downtimeMs: 0, pauseMs: 3, totalTimeMs: 40, transferredBytes: 5 })).toEqual(
    { transferredBytes: 5 },
  );
});
