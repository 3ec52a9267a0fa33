/** Thresholds as people write them: what they mean, and what is said of those that mean nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metrics } from '../../../harness/analysis/metrics.ts';
import { parseThreshold } from '../../../harness/analysis/threshold.ts';

describe('parseThreshold', () => {
  test.each<[string, object]>([
    ['pause_ms.median<300', { kind: 'absolute', statistic: 'median', operator: '<', value: 300 }],
    [' pause_ms < 0.3s ', { text: 'pause_ms < 0.3s', statistic: 'median', value: 300 }],
    ['pause_ms.max >= 1min', { statistic: 'max', operator: '>=', value: 60_000 }],
    ['heartbeat_period_us <= 1ms', { value: 1000 }],
    ['source_cpu_seconds.min<500ms', { statistic: 'min', value: 0.5 }],
    ['transferred_bytes<=200MiB', { value: 200 * 2 ** 20 }],
    ['throughput_bits_per_second > 1Gbit/s', { value: 1e9 }],
    ['throttle_max_percent < 50%', { value: 50 }],
    ['gaps_over_100ms==0', { operator: '==', value: 0 }],
    ['total_time_ms<=+5%', { kind: 'relative', change: { kind: 'ratio', value: 1.05 } }],
    ['throughput_bits_per_second >= -5%', { change: { kind: 'ratio', value: 0.95 } }],
    ['pause_ms < +20ms', { change: { kind: 'difference', value: 20 } }],
    ['pause_ms < -20', { change: { kind: 'difference', value: -20 } }],
    ['outcome==completed', { kind: 'outcome', operator: '==', outcome: 'completed' }],
    ['outcome != not-converged', { operator: '!=', outcome: 'not-converged' }],
  ])('%s', (text, threshold) => {
    expect(parseThreshold(text)).toMatchObject({ ok: true, threshold });
  });

  test.each<[string, RegExp, string?]>([
    ['', /is no threshold: expected METRIC OPERATOR VALUE/],
    ['pause_ms', /is no threshold/],
    ['pause_ms <', /is no threshold/],
    ['pausems < 3', /no metric "pausems"/, 'pause_ms'],
    ['pause < 3', /no metric "pause"/, 'pause_ms'],
    ['total-time-ms < 3', /no metric/, 'total_time_ms'],
    ['fps < 3', /no metric "fps"/],
    ['pause_ms = 3', /"=" is no operator/, 'pause_ms == 3'],
    ['pause_ms =< 3', /no operator/, 'pause_ms <= 3'],
    ['pause_ms.p95 < 3', /too few trials for a percentile/, 'max'],
    ['pause_ms.meadian < 3', /no statistic/, 'median'],
    ['pause_ms < 3MiB', /pause_ms: /],
    ['pause_ms < soon', /pause_ms: /],
    ['passes < 3ms', /bare number/],
    ['pause_ms.max <= +5%', /one of the median/, 'pause_ms <= +5%'],
    ['pause_ms == +5%', /compared with <, <=, > or >=/],
    ['outcome.median == completed', /no statistics/],
    ['outcome < completed', /with == or !=/],
    ['outcome == complete', /no outcome/, 'completed'],
  ])('refuses %j', (text, reason, suggestion) => {
    const parsed = parseThreshold(text);
    expect(parsed).toMatchObject({ ok: false, reason: expect.stringMatching(reason) as unknown });
    expect(parsed.ok ? undefined : parsed.suggestion).toBe(suggestion);
  });

  test('takes every metric with a bare number, and never throws', () => {
    for (const { column } of metrics)
      expect(parseThreshold(`${column}<1`), column).toMatchObject({ ok: true });
    fc.assert(fc.property(fc.string(), (text) => 'ok' in parseThreshold(text)));
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => 'ok' in parseThreshold(`pause_ms${a}<${b}`)),
    );
  });
});
