/** The mirror of a guest's disk, against two QEMUs made of words: what is asked of each, and what breaks it. */
import { expect, test } from 'vitest';
import { DiskMirror, type MirrorOptions } from '../../../harness/migration/disk-mirror.ts';
import { QmpClient } from '../../../harness/qmp/index.ts';
import { NEGOTIATION, ReplayServer, type ReplayStep } from '../replay-server.ts';

type Words = Readonly<Record<string, unknown>>;

const said = (execute: string, args?: Words, id = 2): ReplayStep[] => [
  {
    direction: 'send',
    message: { execute, ...(args === undefined ? {} : { arguments: args }), id },
  },
  { direction: 'receive', message: { return: {}, id } },
];
const happens = (event: string, data: Words): ReplayStep => ({
  direction: 'receive',
  message: { event, data, timestamp: { seconds: 1, microseconds: 0 } },
});

const ADDRESS = { host: '10.201.0.2', port: '10809' };
const DESTINATION: readonly ReplayStep[] = [
  ...NEGOTIATION,
  ...said('nbd-server-start', { addr: { type: 'inet', data: ADDRESS } }, 2),
  ...said(
    'block-export-add',
    { type: 'nbd', id: 'mirror', 'node-name': 'disk', writable: true },
    3,
  ),
];
const CONNECTED: readonly ReplayStep[] = [
  ...NEGOTIATION,
  ...said(
    'blockdev-add',
    {
      ...{ driver: 'nbd', 'node-name': 'mirror-target', export: 'disk' },
      server: { type: 'inet', ...ADDRESS },
    },
    2,
  ),
  ...said(
    'blockdev-mirror',
    { 'job-id': 'disk-mirror', device: 'disk', target: 'mirror-target', sync: 'full' },
    3,
  ),
];
const job = { type: 'mirror', device: 'disk-mirror', len: 500, offset: 500, speed: 0 };

/** Plays both sides for a mirror, and gives what came of it. */
async function withSides<T>(
  source: readonly ReplayStep[],
  destination: readonly ReplayStep[],
  act: (options: MirrorOptions) => Promise<T>,
  deadlineMs = 10_000,
): Promise<T> {
  await using sourceServer = await ReplayServer.start(source);
  await using destinationServer = await ReplayServer.start(destination);
  const connect = ({ path }: ReplayServer, label: string) =>
    QmpClient.connect({ path, label, connectTimeoutMs: 5000, commandTimeoutMs: 5000 });
  await using sourceQmp = await connect(sourceServer, 'source');
  await using destinationQmp = await connect(destinationServer, 'destination');
  let readings = 0;
  return await act({
    source: { qmp: sourceQmp },
    destination: { qmp: destinationQmp, process: { pid: process.pid } },
    sandbox: {
      mode: 'namespaces',
      destination: { migrationAddress: '10.201.0.2' },
      readLinkCounters: () => {
        readings += 1;
        return Promise.resolve({ toDestinationBytes: 1000 * readings, toSourceBytes: readings });
      },
    },
    deadlineMs,
    signal: new AbortController().signal,
  });
}

test('both disks are the same, then the guest stands still and the mirror ends', async () => {
  const mirror = await withSides(
    [
      ...CONNECTED,
      // Another job's events are not this one's.
      happens('BLOCK_JOB_ERROR', { ...job, device: 'other' }),
      happens('BLOCK_JOB_READY', job),
      ...said('block-job-cancel', { device: 'disk-mirror' }, 4),
      happens('BLOCK_JOB_COMPLETED', { ...job, len: 700 }),
    ],
    [...DESTINATION, ...said('nbd-server-stop', undefined, 4)],
    async (options) => {
      const started = await DiskMirror.start(options);
      await started.finish();
      await started.close();
      return started;
    },
  );
  expect(mirror.measurements.storageMs).toBeGreaterThan(0);
  expect(mirror.measurements.storageBytes).toBeGreaterThanOrEqual(0);
  expect(mirror.details).toMatchObject({ wireBytesBefore: 1001, jobBytes: 700 });
  expect(mirror.details['finishMs']).toBeGreaterThan(0);
});

test.each([
  [
    'an error of the target',
    happens('BLOCK_JOB_COMPLETED', { ...job, error: 'No space left on device' }),
    /BLOCK_JOB_COMPLETED.*No space left on device/u,
  ],
  [
    'a write that failed',
    happens('BLOCK_JOB_ERROR', { device: 'disk-mirror', operation: 'write', action: 'report' }),
    /BLOCK_JOB_ERROR.*write/u,
  ],
  ['no end of it', undefined, /was not mirrored within 0.2 s, the plan's deadline/u],
])('%s: the trial is told', async (_, event, words) => {
  const [source, deadlineMs] =
    event === undefined ? [CONNECTED, 200] : [[...CONNECTED, event], 10_000];
  await expect(
    withSides(source, DESTINATION, (options) => DiskMirror.start(options), deadlineMs),
  ).rejects.toThrow(words);
});

test('a mirror that breaks off while the guest stands still is no success', async () => {
  const source = [
    ...CONNECTED,
    happens('BLOCK_JOB_READY', job),
    ...said('block-job-cancel', { device: 'disk-mirror' }, 4),
    happens('BLOCK_JOB_COMPLETED', { ...job, error: 'Connection reset by peer' }),
  ];
  const finished = withSides(source, DESTINATION, async (options) =>
    (await DiskMirror.start(options)).finish(),
  );
  await expect(finished).rejects.toThrow(/Connection reset by peer/u);
});
