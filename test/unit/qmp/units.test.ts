/** query-migrate's reply in our names and units, from replies as recorded. */
import { describe, expect, test } from 'vitest';
import { migrationSample } from '../../../harness/qmp/index.ts';

describe('migrationSample', () => {
  test('a completed migration of 7.2', () => {
    expect(
      migrationSample({
        status: 'completed',
        'setup-time': 2,
        downtime: 1,
        'total-time': 107,
        ram: {
          total: 67641344,
          'postcopy-requests': 0,
          'dirty-sync-count': 3,
          'multifd-bytes': 0,
          'pages-per-second': 160320,
          'downtime-bytes': 20546,
          'page-size': 4096,
          remaining: 0,
          'postcopy-bytes': 0,
          mbps: 55.73904761904762,
          transferred: 619686,
          'dirty-sync-missed-zero-copy': 0,
          'precopy-bytes': 599140,
          duplicate: 16403,
          'dirty-pages-rate': 0,
          skipped: 0,
          'normal-bytes': 471040,
          normal: 115,
        },
      }),
    ).toEqual({
      status: 'completed',
      setupTimeMs: 2,
      downtimeMs: 1,
      totalTimeMs: 107,
      totalBytes: 67641344,
      postcopyRequests: 0,
      passes: 3,
      multifdBytes: 0,
      sentPagesPerSecond: 160320,
      downtimeBytes: 20546,
      pageSizeBytes: 4096,
      remainingBytes: 0,
      postcopyBytes: 0,
      rateBitsPerSecond: 55739048,
      transferredBytes: 619686,
      zeroCopyMissedPasses: 0,
      precopyBytes: 599140,
      zeroPages: 16403,
      dirtyPagesPerSecond: 0,
      normalBytes: 471040,
      normalPages: 115,
      others: { 'ram.skipped': 0 },
    });
  });

  test('what is absent stays absent', () => {
    expect(migrationSample({})).toEqual({});
    expect(migrationSample({ status: 'setup', 'total-time': 0 })).toEqual({
      status: 'setup',
      totalTimeMs: 0,
    });
  });

  test('a status of a later QEMU and fields that are not known', () => {
    expect(migrationSample({ status: 'new-state', ram: { novel: 1 }, novel: {} })).toEqual({
      status: 'new-state',
      others: { 'ram.novel': 1 },
    });
  });

  test('the destination of a post-copy migration', () => {
    expect(
      migrationSample({
        status: 'completed',
        'postcopy-blocktime': 12,
        'postcopy-vcpu-blocktime': [12, 30],
      }),
    ).toEqual({
      status: 'completed',
      postcopyBlocktimeMs: 12,
      postcopyVcpuBlocktimeMs: [12, 30],
    });
  });

  test('auto-converge, xbzrle, block migration and failures', () => {
    expect(
      migrationSample({
        'cpu-throttle-percentage': 30,
        'expected-downtime': 400,
        'xbzrle-cache': {
          'cache-size': 67108864,
          bytes: 5,
          pages: 6,
          'cache-miss': 7,
          overflow: 8,
        },
        disk: { transferred: 9, remaining: 10 },
        'error-desc': 'Unable to write to socket: Broken pipe',
        'blocked-reasons': ['a device'],
      }),
    ).toEqual({
      others: { 'disk.remaining': 10, 'xbzrle-cache.cache-size': 67108864 },
      throttlePercent: 30,
      expectedDowntimeMs: 400,
      xbzrleBytes: 5,
      xbzrlePages: 6,
      xbzrleCacheMisses: 7,
      xbzrleOverflows: 8,
      storageBytes: 9,
      errorDescription: 'Unable to write to socket: Broken pipe',
      blockedReasons: ['a device'],
    });
  });
});
