/** Events: how they are read, kept and waited for. */
import { describe, expect, test } from 'vitest';
import { EventLog } from '../../../harness/qmp/event-log.ts';
import { isEvent, isMigrationStatus, parseEvent } from '../../../harness/qmp/events.ts';

const timestamp = { seconds: 1_764_000_000, microseconds: 123_456 };
const migration = (status: string, atMs = 0) =>
  parseEvent({ event: 'MIGRATION', data: { status }, timestamp }, atMs);

describe('parseEvent', () => {
  test('keeps QEMU’s stamp to the microsecond, and when it arrived', () => {
    expect(migration('active', 12.5)).toEqual({
      name: 'MIGRATION',
      data: { status: 'active' },
      qemuTimeUs: 1_764_000_000_123_456,
      receivedAtMs: 12.5,
    });
    expect(parseEvent({ event: 'STOP', timestamp }, 0).data).toEqual({});
  });

  test('without a name or a timestamp it is not an event', () => {
    for (const message of [{ event: 'STOP' }, { event: 1, timestamp }]) {
      expect(() => parseEvent(message, 0)).toThrow(
        expect.objectContaining({ code: 'qmp-protocol' }),
      );
    }
  });

  test('isMigrationStatus takes any of several states', () => {
    expect(isMigrationStatus(migration('failed'), 'completed', 'failed')).toBe(true);
    expect(isMigrationStatus(migration('active'), 'completed', 'failed')).toBe(false);
  });
});

describe('EventLog', () => {
  test('waits from now on, or from an index', async () => {
    const log = new EventLog('source');
    log.add(migration('setup'));
    log.add(migration('active'));
    const any = (): boolean => true;
    expect(await log.waitForEvent(any, { timeoutMs: 10, since: 1 })).toBe(log.events[1]);
    const next = log.waitForEvent(any, { timeoutMs: 1000 });
    log.add(migration('completed'));
    expect(await next).toBe(log.events[2]);
  });

  test('an event that has arrived is found after the connection has ended', async () => {
    const log = new EventLog('source');
    log.add(migration('setup'));
    log.close('QEMU closed it');
    const isMigration = (event: Parameters<typeof isEvent>[0]) => isEvent(event, 'MIGRATION');
    expect(await log.waitForEvent(isMigration, { timeoutMs: 10, since: 0 })).toBe(log.events[0]);
    await expect(log.waitForEvent(isMigration, { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'qmp-closed',
    });
  });

  test('a deadline names what was awaited', async () => {
    await expect(
      new EventLog('source').waitForEvent(() => true, { timeoutMs: 5, what: 'RESUME' }),
    ).rejects.toMatchObject({
      code: 'qmp-timeout',
      message: expect.stringContaining('source: RESUME did not come within 5 ms') as unknown,
    });
  });

  test('a predicate that throws rejects its own wait only', async () => {
    const log = new EventLog('source');
    const broken = log.waitForEvent(
      () => {
        throw new Error('predicate');
      },
      { timeoutMs: 1000 },
    );
    const sound = log.waitForEvent(() => true, { timeoutMs: 1000 });
    log.add(migration('setup'));
    await expect(broken).rejects.toThrow('predicate');
    expect(await sound).toBe(log.events[0]);
    expect(log.listenerErrors).toEqual([]);
  });

  test('the same function can listen twice, and each is ended by itself', () => {
    const log = new EventLog('source');
    let calls = 0;
    const listener = (): void => void (calls += 1);
    const end = log.onEvent(listener);
    log.onEvent(listener);
    log.add(migration('setup'));
    end();
    log.add(migration('active'));
    expect(calls).toBe(3);
  });
});
