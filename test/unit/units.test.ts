/** harness/units.ts: literal conversions, refusals with their suggestions, and round trips. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatBitRate,
  formatByteRate,
  formatBytes,
  formatDuration,
  formatExact,
  formatPercent,
  parseLimit,
  parseQuantity,
  type Dimension,
} from '../../harness/units.ts';

describe('parseQuantity', () => {
  test.each<[string, Dimension, number]>([
    ['384MiB', 'bytes', 402653184],
    ['1.5 GiB', 'bytes', 1610612736],
    ['64MB', 'bytes', 64000000],
    ['8KB', 'bytes', 8000],
    ['8kB', 'bytes', 8000],
    ['0B', 'bytes', 0],
    ['20MiB/s', 'bytes-per-second', 20971520],
    ['200Mbit/s', 'bytes-per-second', 25000000],
    ['1Gbit/s', 'bits-per-second', 1000000000],
    ['1.1Gbit/s', 'bits-per-second', 1100000000],
    ['125MB/s', 'bits-per-second', 1000000000],
    ['250us', 'duration', 0.25],
    ['250µs', 'duration', 0.25],
    ['300ms', 'duration', 300],
    ['1.5s', 'duration', 1500],
    ['2min', 'duration', 120000],
    ['1h', 'duration', 3600000],
    ['0.1%', 'percent', 0.1],
    ['500/s', 'per-second', 500],
    ['90/min', 'per-second', 1.5],
    ['4', 'count', 4],
  ])('%s as %s is %d', (text, dimension, value) => {
    expect(parseQuantity(text, dimension)).toEqual({ ok: true, value });
  });

  test.each<[string, Dimension, string, string | undefined]>([
    ['1mib', 'bytes', '"mib" is not a unit of a size, such as 384MiB', '1MiB'],
    ['1M', 'bytes', '"M" is not a unit of a size, such as 384MiB', '1MiB'],
    ['384', 'bytes', 'a size needs a unit, such as 384MiB', undefined],
    ['200Mb/s', 'bits-per-second', '"Mb/s" could mean Mbit/s or MB/s', '200Mbit/s'],
    ['200MBps', 'bits-per-second', '"MBps" could mean Mbit/s or MB/s', '200MB/s'],
    ['1Gb', 'bytes', '"Gb" could mean Gbit or GB', '1GB'],
    ['1Gbit', 'bits-per-second', '"Gbit" is not a unit of a rate, such as 200Mbit/s', '1Gbit/s'],
    [
      '20MiB',
      'bytes-per-second',
      '"MiB" is the unit of a size; a rate is expected, such as 20MiB/s',
      '20MiB/s',
    ],
    ['5m', 'duration', '"m" could mean minutes or milliseconds', '5min'],
    ['5 seconds', 'duration', '"seconds" is not a unit of a duration, such as 300ms', '5s'],
    ['5MS', 'duration', '"MS" is not a unit of a duration, such as 300ms', '5ms'],
    ['-5ms', 'duration', 'a duration cannot be negative', undefined],
    ['1,000MiB', 'bytes', 'numbers are written without separators', '1000MiB'],
    ['.5s', 'duration', 'a digit is missing before the point', '0.5s'],
    ['', 'bytes', 'a size is expected, such as 384MiB', undefined],
    ['unlimited', 'bytes', '"unlimited" is not possible here: a size is expected', undefined],
    ['1.5', 'count', 'a whole number is expected', '2'],
    ['4 threads', 'count', '"threads" is a unit, but this is a plain count', '4'],
    ['99999999999TiB', 'bytes', '99999999999TiB is too large', undefined],
    ['0.1B', 'bytes', '0.1B is less than the smallest step', undefined],
  ])('%s as %s is refused', (text, dimension, reason, suggestion) => {
    expect(parseQuantity(text, dimension)).toEqual({
      ok: false,
      reason,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  });
});

test('a limit is a quantity or the word unlimited, never zero', () => {
  expect(parseLimit('unlimited', 'bits-per-second')).toEqual({ ok: true, value: 'unlimited' });
  expect(parseLimit('1Gbit/s', 'bits-per-second')).toEqual({ ok: true, value: 1e9 });
  expect(parseLimit('0.5Gbit/s', 'bits-per-second')).toEqual({ ok: true, value: 5e8 });
  expect(parseLimit('0.05 GiB/s', 'bytes-per-second')).toEqual({ ok: true, value: 53_687_091 });
  for (const text of ['0', '0Gbit/s', '0.0Gbit/s', '0.0 MiB/s', '00.00'])
    expect(parseLimit(text, 'bits-per-second')).toEqual({
      ok: false,
      reason: 'a limit of zero is not possible',
      suggestion: 'unlimited',
    });
  expect(parseLimit('Unlimited', 'bytes')).toMatchObject({ ok: false, suggestion: 'unlimited' });
});

describe('formatExact', () => {
  test.each<[number | 'unlimited', Dimension, string]>([
    [402653184, 'bytes', '384MiB'],
    [128000000, 'bytes', '128MB'],
    [4097, 'bytes', '4097B'],
    [0, 'bytes', '0B'],
    [1e9, 'bits-per-second', '1Gbit/s'],
    [2e8, 'bits-per-second', '200Mbit/s'],
    [20971520, 'bytes-per-second', '20MiB/s'],
    [300, 'duration', '300ms'],
    [0.25, 'duration', '250us'],
    [90000, 'duration', '90s'],
    [60000, 'duration', '1min'],
    [0.1, 'percent', '0.1%'],
    [500, 'per-second', '500/s'],
    [4, 'count', '4'],
    ['unlimited', 'bits-per-second', 'unlimited'],
  ])('%s of %s is %s', (value, dimension, text) => {
    expect(formatExact(value, dimension)).toBe(text);
  });

  test.each<Dimension>(['bytes', 'bytes-per-second', 'bits-per-second', 'count'])(
    'parses back: %s',
    (dimension) => {
      fc.assert(
        fc.property(fc.maxSafeNat(), (value) => {
          const text = formatExact(value, dimension);
          expect(parseQuantity(text, dimension)).toEqual({ ok: true, value });
        }),
      );
    },
  );

  test('parses back: durations of whole microseconds', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (microseconds) => {
        const value = microseconds / 1000;
        const text = formatExact(value, 'duration');
        expect(parseQuantity(text, 'duration')).toEqual({ ok: true, value });
      }),
    );
  });
});

test('formats for a reader have about three digits', () => {
  expect(formatBytes(0)).toBe('0 B');
  expect(formatBytes(402653184)).toBe('384 MiB');
  expect(formatBytes(1.5 * 2 ** 30)).toBe('1.5 GiB');
  expect(formatBytes(98_123_456)).toBe('93.6 MiB');
  expect(formatBytes(-2048)).toBe('-2 KiB');
  expect(formatByteRate(20971520)).toBe('20 MiB/s');
  expect(formatByteRate('unlimited')).toBe('unlimited');
  expect(formatBitRate(941_234_000)).toBe('941 Mbit/s');
  expect(formatBitRate(999_999_999)).toBe('1 Gbit/s');
  expect(formatDuration(0.25)).toBe('250 µs');
  expect(formatDuration(136.4)).toBe('136 ms');
  expect(formatDuration(2041)).toBe('2.04 s');
  expect(formatDuration(200_000)).toBe('3 min 20 s');
  expect(formatDuration(7_500_000)).toBe('2 h 5 min');
  expect(formatPercent(12.345)).toBe('12.3%');
});
