/** How the link's shape is told to tc, and how tc's counters are read. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { burstBytes, sentBytes, shapeCommands } from '../../../harness/sandbox/link.ts';

describe('the bucket of the shaper', () => {
  test.each([
    [1e6, 16_384],
    [49_999_999, 16_384],
    [50e6, 98_304],
    [100e6, 98_304],
    [786_432_000, 98_304],
    [1e9, 125_000],
    [10e9, 1_250_000],
    [100e9, 12_500_000],
  ])('at %d bit/s: %d bytes', (rate, bytes) => {
    expect(burstBytes(rate)).toBe(bytes);
  });

  test('never smaller than a millisecond of the rate (HZ 1000), never above 132 ms of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000, max: 100_000_000_000 }), (rate) => {
        const burst = burstBytes(rate);
        expect(burst).toBeGreaterThanOrEqual(Math.floor(rate / 8000));
        expect((burst * 8) / rate).toBeLessThan(0.132);
      }),
    );
  });
});

describe('commands', () => {
  test('a rate is a token bucket at the root', () => {
    expect(shapeCommands('mig0', { bandwidthBitsPerSecond: 200e6 })).toEqual([
      [
        ...['qdisc', 'add', 'dev', 'mig0', 'root', 'tbf', 'rate', '200000000bit'],
        ...['burst', '98304', 'latency', '50ms'],
      ],
    ]);
  });

  test('unlimited has a queue of its own all the same: its counter is the wire’s', () => {
    expect(shapeCommands('mig0', { bandwidthBitsPerSecond: 'unlimited' })).toEqual([
      ['qdisc', 'add', 'dev', 'mig0', 'root', 'pfifo', 'limit', '10000'],
    ]);
  });

  test('with delay and loss, netem stands at the root and the bucket below', () => {
    const link = { bandwidthBitsPerSecond: 1e9, delayUs: 2000, lossPercent: 0.1 };
    expect(shapeCommands('mig0', link)).toEqual([
      [
        ...['qdisc', 'add', 'dev', 'mig0', 'root', 'handle', '1:', 'netem'],
        ...['delay', '2000us', 'loss', '0.1%', 'limit', '100000'],
      ],
      [
        ...['qdisc', 'add', 'dev', 'mig0', 'parent', '1:1', 'tbf', 'rate', '1000000000bit'],
        ...['burst', '125000', 'latency', '50ms'],
      ],
    ]);
    expect(shapeCommands('x', { bandwidthBitsPerSecond: 'unlimited', delayUs: 5 })).toEqual([
      [
        ...['qdisc', 'add', 'dev', 'x', 'root', 'handle', '1:', 'netem', 'delay', '5us'],
        ...['limit', '100000'],
      ],
      ['qdisc', 'add', 'dev', 'x', 'parent', '1:1', 'pfifo', 'limit', '10000'],
    ]);
  });
});

describe('counters', () => {
  /** Shortened from `tc -s -j qdisc show dev mig0`. */
  const bucket =
    '[{"kind":"tbf","handle":"8001:","root":true,"options":{"rate":25000000,"burst":98304,"lat":50000},' +
    '"bytes":104857600,"packets":1900,"drops":0,"overlimits":88,"requeues":0,"backlog":0,"qlen":0}]';

  test('the root’s', () => {
    expect(sentBytes(bucket)).toBe(104_857_600);
    const nested =
      '[{"kind":"tbf","handle":"8002:","parent":"1:1","bytes":7},' +
      '{"kind":"netem","handle":"1:","root":true,"bytes":9}]';
    expect(sentBytes(nested)).toBe(9);
  });

  test('without a root, an error that quotes tc', () => {
    for (const output of ['[]', '[{"kind":"noqueue","parent":"1:1","bytes":0}]', '{}', '[{}]']) {
      expect(() => sentBytes(output), output).toThrow(
        expect.objectContaining({
          code: 'internal',
          message: `Expected the statistics of a root queue from tc, found: ${output}`,
        }),
      );
    }
  });
});
