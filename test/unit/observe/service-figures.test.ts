/** What a client's requests say: literal requests, literal figures. */
import { describe, expect, it } from 'vitest';
import type { Moments } from '../../../harness/observe/probe.ts';
import { serviceReport } from '../../../harness/observe/service-figures.ts';
import type { ServiceRequest } from '../../../harness/observe/service-job.ts';

const moments: Moments = {
  baselineFromMs: 0,
  baselineToMs: 2_000,
  startedAtMs: 2_000,
  stopAtMs: 4_000,
  resumeAtMs: 4_300,
  migratedAtMs: 4_300,
  endedAtMs: 6_000,
  completed: true,
};

/** Requests every 5 ms from 0 to 6 s; answered after 1 ms, but for what `change` says of one. */
function requests(change: (intendedMs: number) => Partial<ServiceRequest> = () => ({})) {
  return Array.from({ length: 1_200 }, (_, index): ServiceRequest => {
    const intendedMs = index * 5;
    return { intendedMs, endedMs: intendedMs + 1, ...change(intendedMs) };
  });
}

const report = (list: readonly ServiceRequest[], reconnects = 0) =>
  serviceReport({ requests: [...list], reconnects }, 200, moments);

describe('a service during a migration', () => {
  it('that answers steadily shows its period and nothing else', () => {
    const { measurements, details } = report(requests());
    expect(measurements).toEqual({
      serviceOutageMs: 5,
      serviceP99BaselineMs: 1,
      serviceP99DuringMs: 1,
      serviceErrors: 0,
    });
    expect(details).toMatchObject({
      outageFloorMs: 5,
      unanswered: 0,
      before: { requests: 400, p50Ms: 1, longestMs: 1, histogram: [{ upToMs: 1, count: 400 }] },
      during: { requests: 460 },
      after: { requests: 340 },
    });
  });

  it('has its baseline in the baseline window, whatever a copy of its disk costs it after that', () => {
    const slowed = requests((at) => (at >= 1_600 && at < 2_000 ? { endedMs: 2_000 } : {}));
    const mirrored = { ...moments, baselineToMs: 1_600 };
    const { measurements, details } = serviceReport(
      { requests: slowed, reconnects: 0 },
      200,
      mirrored,
    );
    expect(measurements?.serviceP99BaselineMs).toBe(1);
    expect(details).toMatchObject({ before: { requests: 320, longestMs: 1 } });
  });

  it('a stall is counted once for each request that was due in it, from its own time on', () => {
    // Nothing is answered from 4.0 to 4.4 s, then everything at once.
    const stalled = requests((at) => (at >= 4_000 && at < 4_400 ? { endedMs: 4_400 } : {}));
    const { measurements, details, timeline } = report(stalled);
    // The last answer before was at 3996 ms.
    expect(measurements).toMatchObject({ serviceOutageMs: 404, serviceErrors: 0 });
    // 60 of the 460 requests during the migration waited from 105 to 400 ms: the p99 is the fifth longest of them.
    expect(measurements?.serviceP99DuringMs).toBe(380);
    expect(details).toMatchObject({
      during: {
        histogram: [
          { upToMs: 1, count: 400 },
          { upToMs: 200, count: 20 },
          { upToMs: 500, count: 40 },
        ],
      },
    });
    expect(timeline?.find(({ atMs }) => atMs === 2_000)).toEqual({
      atMs: 2_000,
      kind: 'service',
      values: { latencyMs: 400, errors: 0 },
    });
    expect(timeline?.[0]?.atMs).toBe(-1_000);
  });

  it('a lost connection: every request due meanwhile is an error, and waited until the next answer', () => {
    const lost = requests((at) => (at >= 4_000 && at < 4_250 ? { error: 'ECONNRESET' } : {}));
    const { measurements, details } = report(lost, 1);
    expect(measurements).toMatchObject({ serviceOutageMs: 255, serviceErrors: 50 });
    expect(measurements?.serviceP99DuringMs).toBe(231);
    expect(details).toMatchObject({
      reconnects: 1,
      errors: [{ message: 'ECONNRESET', count: 50 }],
    });
  });

  it('an outage without end lasts until the end of the aftermath', () => {
    const silent = requests((at) => (at >= 4_000 ? { endedMs: undefined } : {})).map((request) =>
      request.endedMs === undefined ? { intendedMs: request.intendedMs } : request,
    );
    const { measurements, details } = report(silent);
    expect(measurements).toMatchObject({ serviceOutageMs: 2_004, serviceErrors: 0 });
    expect(details).toMatchObject({ unanswered: 400, after: { longestMs: 1_700 } });
  });

  it('what happened before migrate is the baseline’s alone', () => {
    const early = requests((at) => (at >= 500 && at < 900 ? { endedMs: 900 } : {}));
    const { measurements, details } = report(early);
    expect(measurements).toMatchObject({ serviceOutageMs: 5, serviceP99DuringMs: 1 });
    expect(details).toMatchObject({ outageFloorMs: 404, before: { longestMs: 400 } });
  });

  it('has no p99 of fewer than 300 requests', () => {
    const few = requests().filter((_, index) => index % 10 === 0);
    const { measurements } = report(few);
    expect(measurements).toEqual({ serviceOutageMs: 50, serviceErrors: 0 });
  });

  it('without a single good answer has no outage that could be told', () => {
    const none = report(requests(() => ({ error: 'refused' })));
    expect(none.measurements).not.toHaveProperty('serviceOutageMs');
    expect(none.measurements).toMatchObject({ serviceErrors: 800 });
  });
});
