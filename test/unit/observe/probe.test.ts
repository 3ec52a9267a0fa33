/** The life cycle of probes: what one that fails costs, and that each is ended once. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import {
  ProbeSet,
  type Moments,
  type Probe,
  type ProbeContext,
} from '../../../harness/observe/probe.ts';

const moments: Moments = {
  baselineFromMs: 0,
  baselineToMs: 1_000,
  startedAtMs: 1_000,
  migratedAtMs: 2_000,
  endedAtMs: 3_000,
  completed: true,
};

function contextWith(signal: AbortSignal): ProbeContext {
  return { stage: { signal } } as ProbeContext;
}

function logging(name: string, log: string[], faults: Partial<Record<string, Error>> = {}): Probe {
  const step = (what: string) => async () => {
    log.push(`${name} ${what}`);
    const fault = faults[what];
    if (fault !== undefined) throw fault;
    await Promise.resolve();
  };
  return {
    name,
    start: step('start'),
    quiet: step('quiet'),
    migrated: step('migrated'),
    stop: step('stop'),
    report: () => {
      log.push(`${name} report`);
      const fault = faults['report'];
      if (fault !== undefined) throw fault;
      return { measurements: { wireBytes: 7 }, details: { name } };
    },
  };
}

async function lifeOf(set: ProbeSet) {
  await set.start();
  await set.quiet();
  await set.migrated();
  await set.stop();
  return set.report(moments);
}

describe('a probe set', () => {
  it('takes each probe through its steps in order', async () => {
    const log: string[] = [];
    const set = new ProbeSet(
      [() => logging('a', log), () => undefined],
      contextWith(new AbortController().signal),
    );
    const results = await lifeOf(set);
    expect(log).toEqual(['a start', 'a quiet', 'a migrated', 'a stop', 'a report']);
    expect(results.measurements).toEqual({ wireBytes: 7 });
    expect(results.details).toEqual({ a: { name: 'a' } });
    expect(results.warnings).toEqual([]);
  });

  it.each(['start', 'quiet', 'migrated', 'stop', 'report'])(
    'pays for a fault in %s with a warning and the columns of that probe',
    async (step) => {
      const log: string[] = [];
      const set = new ProbeSet(
        [
          () => logging('bad', log, { [step]: new MigbenchError('host-unfit', 'no socket') }),
          () => logging('good', log),
        ],
        contextWith(new AbortController().signal),
      );
      const results = await lifeOf(set);
      expect(results.details).toEqual({ good: { name: 'good' } });
      expect(results.warnings).toHaveLength(1);
      expect(results.warnings[0]?.code).toBe('probe-failed');
      expect(results.warnings[0]?.message).toContain('no socket');
      expect(log.filter((line) => line === 'bad stop')).toHaveLength(1);
    },
  );

  it('ends the probes of a trial that broke off, once', async () => {
    const log: string[] = [];
    {
      await using set = new ProbeSet(
        [() => logging('a', log)],
        contextWith(new AbortController().signal),
      );
      await set.start();
    }
    expect(log).toEqual(['a start', 'a stop']);
  });

  it.each([
    { trial: 'short', lengthMs: 1_000, takesMs: 20_000, warnings: 1 },
    { trial: 'long', lengthMs: 300_000, takesMs: 60_000, warnings: 0 },
  ])('waits for what a $trial trial has to hand over', async ({ lengthMs, takesMs, warnings }) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const stop = () => new Promise<void>((resolve) => setTimeout(resolve, takesMs));
    const set = new ProbeSet(
      [() => ({ ...logging('slow', []), stop })],
      contextWith(new AbortController().signal),
    );
    await set.start();
    await vi.advanceTimersByTimeAsync(lengthMs);
    const stopped = set.stop();
    await vi.advanceTimersByTimeAsync(takesMs);
    await stopped;
    expect(set.report(moments).warnings).toHaveLength(warnings);
  });

  it('passes an interruption on', async () => {
    const stop = new AbortController();
    const set = new ProbeSet([() => logging('a', [])], contextWith(stop.signal));
    await set.start();
    stop.abort(new MigbenchError('interrupted', 'Interrupted.'));
    await expect(set.quiet()).rejects.toMatchObject({ code: 'interrupted' });
  });
});
