/** The client over a real socket: what it sends, what it hears, and what it keeps. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isEvent, Transcript } from '../../../harness/qmp/index.ts';
import { NEGOTIATION, ReplayServer } from '../replay-server.ts';
import { ask, bytes, connect, event, reply } from '../steps.ts';

test('reads the version and leaves oob off unless asked for', async () => {
  await using server = await ReplayServer.start(NEGOTIATION);
  await using client = await connect(server.path);
  expect(client.version.qemu).toEqual({ major: 10, minor: 0, micro: 13 });
  expect(client.oobEnabled).toBe(false);
  await expect(client.execute('migrate-pause', undefined, { oob: true })).rejects.toMatchObject({
    code: 'internal',
  });
});

test('enables oob where asked for, and sends out of band', async () => {
  await using server = await ReplayServer.start([
    ...NEGOTIATION.slice(0, 1),
    {
      direction: 'send',
      message: { execute: 'qmp_capabilities', arguments: { enable: ['oob'] }, id: 1 },
    },
    reply(1, {}),
    { direction: 'send', message: { 'exec-oob': 'migrate-pause', id: 2 } },
    reply(2, {}),
  ]);
  await using client = await connect(server.path, { oob: true });
  expect(await client.execute('migrate-pause', undefined, { oob: true })).toEqual({});
  await server.finished;
});

test('waits for a socket that is not there yet', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'));
  const path = join(folder, 'q');
  let server: Server | undefined;
  const later = setTimeout(() => {
    server = createServer((socket) => {
      socket.write('{"QMP":{"version":{"qemu":{"major":7,"minor":2,"micro":0},"package":""}}}\r\n');
      socket.on('data', () => socket.write('{"return":{},"id":1}\r\n'));
      socket.on('error', () => {});
    }).listen(path);
  }, 60);
  try {
    await using client = await connect(path);
    expect(client.version.package).toBe('');
  } finally {
    clearTimeout(later);
    server?.close();
    await rm(folder, { recursive: true });
  }
});

test('several messages in one chunk, events before the answer', async () => {
  await using server = await ReplayServer.start([
    ...NEGOTIATION,
    ask(2, 'stop'),
    bytes(
      '{"event":"STOP","timestamp":{"seconds":1700000000,"microseconds":250000}}\r\n' +
        '{"event":"RESET","data":{"guest":false},"timestamp":{"seconds":1700000001,"microseconds":5}}' +
        '{"return":{},"id":2}\r\n',
    ),
  ]);
  await using client = await connect(server.path);
  const since = client.events.length;
  await client.execute('stop');
  const stop = await client.waitForEvent((found) => isEvent(found, 'STOP'), {
    timeoutMs: 1000,
    since,
  });
  expect(stop.qemuTimeUs).toBe(1_700_000_000_250_000);
  expect(client.events.map(({ name }) => name)).toEqual(['STOP', 'RESET']);
  expect(client.events[1]?.qemuTimeUs).toBe(1_700_000_001_000_005);
});

test('answers out of order go to the command they belong to', async () => {
  await using server = await ReplayServer.start([
    ...NEGOTIATION,
    ask(2, 'query-status'),
    ask(3, 'query-migrate'),
    reply(3, { status: 'active' }),
    event('RESUME', 1),
    reply(2, { status: 'running', running: true }),
  ]);
  await using client = await connect(server.path);
  const [status, migration] = await Promise.all([
    client.execute('query-status'),
    client.execute('query-migrate'),
  ]);
  expect(status).toEqual({ status: 'running', running: true });
  expect(migration).toEqual({ status: 'active' });
  expect(client.events).toHaveLength(1);
});

test('a message of more than 1 MiB, cut anywhere', async () => {
  const blob = '…'.repeat(700_000);
  await using server = await ReplayServer.start(
    [...NEGOTIATION, ask(2, 'query-block'), reply(2, [{ blob }])],
    {
      cut: (whole) =>
        Array.from({ length: Math.ceil(whole.length / 4099) }, (_, index) =>
          whole.subarray(index * 4099, (index + 1) * 4099),
        ),
    },
  );
  await using client = await connect(server.path);
  expect(await client.execute('query-block')).toEqual([{ blob }]);
});

test('the transcript holds both directions, in order, and goes to disk when asked', async () => {
  const transcript = new Transcript();
  await using server = await ReplayServer.start([...NEGOTIATION, event('WAKEUP', 7)]);
  await using client = await connect(server.path, { transcript });
  await client.waitForEvent((found) => isEvent(found, 'WAKEUP'), { timeoutMs: 1000, since: 0 });
  const path = `${server.path}.jsonl`;
  await transcript.flush(path);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { direction: 'receive', message: { QMP: {} } },
    { direction: 'send', message: { execute: 'qmp_capabilities', id: 1 } },
    { direction: 'receive', message: { return: {}, id: 1 } },
    { direction: 'receive', message: { event: 'WAKEUP' } },
  ]);
});
