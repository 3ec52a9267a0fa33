/** A cut of the link, against two QEMUs of a few lines that pause and resume as real ones do. */
import { expect, test } from 'vitest';
import type { MigrationSide } from '../../../harness/migration/failure.ts';
import { Outage, type OutageOptions } from '../../../harness/migration/outage.ts';
import { QmpCommandError, type QmpEvent } from '../../../harness/qmp/index.ts';

interface Behaviour {
  /** Pauses by itself when the link goes down; else when it is told. */
  readonly notices: boolean;
  /** Never pauses. */
  readonly stuck?: boolean;
}

/** One QEMU: its status, its events, and what it was told. */
class FakeQemu {
  status = 'postcopy-active';
  readonly events: QmpEvent[] = [];
  readonly told: string[] = [];
  readonly oobEnabled = true;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  become(status: string): void {
    this.status = status;
    const event = { name: 'MIGRATION', data: { status }, qemuTimeUs: 0 };
    this.events.push({ ...event, receivedAtMs: performance.now() });
  }

  linkDown(): void {
    if (this.#behaviour.notices) this.become('postcopy-paused');
  }

  execute(name: string, args: unknown, options?: { oob?: boolean }): Promise<unknown> {
    const how = options?.oob === true ? ' out of band' : '';
    this.told.push(`${name}${args === undefined ? '' : ` ${JSON.stringify(args)}`}${how}`);
    if (name === 'migrate-pause') {
      if (this.status === 'postcopy-paused') {
        return Promise.reject(
          new QmpCommandError({
            ...{ label: 'fake', command: name },
            ...{ errorClass: 'GenericError', description: 'not active' },
          }),
        );
      }
      if (this.#behaviour.stuck !== true) this.become('postcopy-paused');
    }
    return Promise.resolve({});
  }
}

function stage(
  source: FakeQemu,
  destination: FakeQemu,
  options: Partial<OutageOptions> & { readonly afterResume?: string } = {},
) {
  const link: string[] = [];
  const side = (label: string, qmp: FakeQemu) =>
    ({ label, qmp, ownWords: '' }) as unknown as MigrationSide;
  const outage = new Outage({
    source: side('source', source),
    destination: side('destination', destination),
    recover: true,
    link: {
      setLink: (state) => {
        link.push(state);
        if (state === 'down') for (const qemu of [source, destination]) qemu.linkDown();
        return Promise.resolve();
      },
    },
    recoveryUri: 'tcp:10.0.0.2:4445',
    startedAtMs: performance.now(),
    ask: () => {
      if (source.told.some((words) => words.startsWith('migrate {'))) {
        const next = options.afterResume ?? 'postcopy-active';
        if (source.status === 'postcopy-paused') source.status = 'postcopy-recover';
        else if (source.status === 'postcopy-recover') source.become(next);
      }
      return Promise.resolve({ atMs: 0, status: source.status });
    },
    signal: new AbortController().signal,
    ...options,
  });
  return { outage, link };
}

test('told to pause where they did not notice, then resumed at the new address', async () => {
  const source = new FakeQemu({ notices: true });
  const destination = new FakeQemu({ notices: false });
  const { outage, link } = stage(source, destination);
  expect(await outage.run()).toBeUndefined();
  expect(link).toEqual(['down', 'up']);
  expect(source.told).toEqual(['migrate {"uri":"tcp:10.0.0.2:4445","resume":true}']);
  expect(destination.told).toEqual([
    'migrate-pause out of band',
    'migrate-recover {"uri":"tcp:10.0.0.2:4445"} out of band',
  ]);
  const { report } = outage;
  expect(report.toldToPause).toEqual(['destination']);
  expect(report.linkDownMs).toBeGreaterThanOrEqual(1000);
  expect(report.destinationPausedAtMs).toBeGreaterThan(report.sourcePausedAtMs ?? Infinity);
  expect(report.recoveredAtMs).toBeGreaterThanOrEqual(report.resumedAtMs ?? Infinity);
  expect(report.pausedMs).toBeCloseTo(
    (report.recoveredAtMs ?? 0) - (report.sourcePausedAtMs ?? 0),
    6,
  );
});

test('cut for good: both pause, and nobody is told to go on', async () => {
  const [source, destination] = [
    new FakeQemu({ notices: false }),
    new FakeQemu({ notices: false }),
  ];
  const { outage, link } = stage(source, destination, { recover: 'never' });
  expect(await outage.run()).toBe('postcopy-paused');
  expect(link).toEqual(['down']);
  expect([...source.told, ...destination.told]).toEqual([
    'migrate-pause out of band',
    'migrate-pause out of band',
  ]);
  expect(outage.report).not.toHaveProperty('linkUpAtMs');
  expect(outage.report).not.toHaveProperty('pausedMs');
});

test('a migration that pauses again while it is resumed stays paused', async () => {
  const [source, destination] = [new FakeQemu({ notices: true }), new FakeQemu({ notices: true })];
  const { outage } = stage(source, destination, { afterResume: 'postcopy-paused' });
  expect(await outage.run()).toBe('postcopy-paused');
  expect(outage.report).toHaveProperty('resumedAtMs');
  expect(outage.report).not.toHaveProperty('recoveredAtMs');
});

test('a migration that was over before the link went is over, and the link comes back', async () => {
  const [source, destination] = [
    new FakeQemu({ notices: false }),
    new FakeQemu({ notices: false }),
  ];
  source.become('completed');
  const { outage, link } = stage(source, destination);
  expect(await outage.run()).toBe('completed');
  expect(link).toEqual(['down', 'up']);
  expect(destination.told).toEqual([]);
});
