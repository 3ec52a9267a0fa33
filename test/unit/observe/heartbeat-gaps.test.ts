/** What heartbeats say: literal arrivals, literal gaps. */
import { describe, expect, it } from 'vitest';
import { heartbeatReport, type Beat } from '../../../harness/observe/heartbeat-gaps.ts';
import type { Moments } from '../../../harness/observe/probe.ts';

const moments: Moments = {
  baselineFromMs: 0,
  baselineToMs: 1_000,
  startedAtMs: 1_000,
  stopAtMs: 1_500,
  resumeAtMs: 1_540,
  migratedAtMs: 1_540,
  endedAtMs: 3_000,
  completed: true,
};

/** Beats every 5 ms from 0 to 3 s, but for the stretches that are left out. */
function beats(...without: readonly (readonly [number, number])[]): Beat[] {
  return Array.from({ length: 601 }, (_, index) => ({
    atMs: index * 5,
    sequence: index,
    skipped: 0,
  })).filter(({ atMs }) => !without.some(([from, to]) => atMs > from && atMs < to));
}

const measured = (list: readonly Beat[], at: Moments = moments) =>
  heartbeatReport(list, 5, at).measurements;

describe('the gaps of a migration', () => {
  it('a steady heart shows nothing', () => {
    expect(measured(beats())).toEqual({
      heartbeatPeriodUs: 5000,
      heartbeatJitterP99Ms: 0,
      blackoutFloorMs: 0,
      blackoutMs: 0,
      switchoverGapMs: 0,
      gapsOver100ms: 0,
    });
  });

  it('the pause is the switchover gap; a longer stall afterwards is the blackout', () => {
    const report = heartbeatReport(beats([1500, 1550], [2000, 2205], [300, 310]), 5, moments);
    expect(report.measurements).toMatchObject({
      switchoverGapMs: 45,
      blackoutMs: 200,
      blackoutFloorMs: 5,
      gapsOver100ms: 1,
    });
    expect(report.timeline).toEqual([
      { atMs: 1000, kind: 'heartbeat', values: { gapMs: 200 } },
      { atMs: 500, kind: 'heartbeat', values: { gapMs: 45 } },
    ]);
    expect(report.details).toMatchObject({
      gaps: [
        { thresholdMs: 10, count: 2, totalMs: 245 },
        { thresholdMs: 50, count: 1, totalMs: 200 },
        { thresholdMs: 100, count: 1, totalMs: 200 },
        { thresholdMs: 500, count: 0, totalMs: 0 },
        { thresholdMs: 1000, count: 0, totalMs: 0 },
      ],
    });
  });

  it('the last beat may arrive just after STOP', () => {
    expect(measured(beats([1505, 1550]))?.switchoverGapMs).toBe(40);
  });

  it('a heart that never beats again is silent until the end', () => {
    expect(measured(beats([1500, 9999]))?.blackoutMs).toBe(1495);
  });

  it('there is no switchover gap in a migration that did not complete', () => {
    expect(measured(beats(), { ...moments, completed: false })).not.toHaveProperty(
      'switchoverGapMs',
    );
  });

  it('the p99 needs 200 gaps before the migration', () => {
    const every2 = Array.from({ length: 1501 }, (_, index) => ({
      atMs: index * 2 + (index % 100 === 0 ? 1 : 0),
      sequence: index,
      skipped: 0,
    }));
    const few = every2.filter(({ atMs }) => atMs > 700);
    expect(heartbeatReport(few, 2, moments).measurements).not.toHaveProperty(
      'heartbeatJitterP99Ms',
    );
    expect(heartbeatReport(every2, 2, moments).measurements?.heartbeatJitterP99Ms).toBe(0);
    const late = every2.map((beat, index) => ({
      ...beat,
      atMs: beat.atMs + (index % 50 === 25 ? 1 : 0),
    }));
    expect(heartbeatReport(late, 2, moments).measurements?.heartbeatJitterP99Ms).toBe(1);
  });

  it('the jitter is that of before a disk is copied', () => {
    const every2 = Array.from({ length: 1501 }, (_, index) => index * 2)
      .filter((atMs) => atMs < 800 || atMs % 20 === 0)
      .map((atMs, sequence) => ({ atMs, sequence, skipped: 0 }));
    const at = { ...moments, baselineToMs: 790 };
    expect(heartbeatReport(every2, 2, at).measurements).toMatchObject({ heartbeatJitterP99Ms: 0 });
  });

  it('a lost datagram is told from a late guest', () => {
    const list = beats([100, 110]).map((beat) => ({
      ...beat,
      skipped: beat.atMs >= 2000 ? 7 : 0,
    }));
    expect(heartbeatReport(list, 5, moments).details).toMatchObject({ lost: 1, skippedSlots: 7 });
  });
});
