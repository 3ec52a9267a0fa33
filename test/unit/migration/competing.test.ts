/** What a competing stream delivered: against a sandbox of words, whose stream sends from its start. */
import { expect, test } from 'vitest';
import { beside } from '../../../harness/migration/competing.ts';
import type { Sandbox } from '../../../harness/sandbox/host.ts';

/** Bytes have arrived once a stream began, and more of them until it ends. */
function sandboxWith(earlierBytes: number | undefined): Sandbox {
  let arrived = earlierBytes;
  return {
    readLinkCounters: () => Promise.resolve({ competingBytes: arrived }),
    startStream: () => {
      arrived = (arrived ?? 0) + 15_140;
      return Promise.resolve({
        stop: () => {
          arrived = (arrived ?? 0) + 1_000_000;
          return Promise.resolve({ sentBytes: 1_015_140, refusedBytes: 0, durationMs: 1_000 });
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  } as unknown as Sandbox;
}

test.each([undefined, 7_000_000])('from its first frame (%s bytes before)', async (earlier) => {
  const link = { bandwidthBitsPerSecond: 100e6, competingBitsPerSecond: 8e6 };
  const [result, { report, warnings }] = await beside(link, sandboxWith(earlier), () =>
    Promise.resolve('migrated'),
  );
  expect(result).toBe('migrated');
  expect(report).toMatchObject({ sentBytes: 1_015_140, deliveredBytes: 1_015_140 });
  expect(warnings).toEqual([]);
});
