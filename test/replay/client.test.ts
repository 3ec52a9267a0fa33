/** The client against a QEMU that misbehaves, over a real socket. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { MigbenchError } from '../../harness/errors.ts';
import { isEvent, QmpClient, Transcript, type QmpConnectOptions } from '../../harness/qmp/index.ts';
import { NEGOTIATION, ReplayServer, type ReplayStep } from './replay-server.ts';

const connect = (path: string, options: Partial<QmpConnectOptions> = {}): Promise<QmpClient> =>
  QmpClient.connect({
    path,
    label: 'source',
    connectTimeoutMs: 5000,
    commandTimeoutMs: 5000,
    ...options,
  });

const ask = (id: number, execute: string): ReplayStep => ({
  direction: 'send',
  message: { execute, id },
});
const reply = (id: number, result: unknown): ReplayStep => ({
  direction: 'receive',
  message: { return: result, id },
});
const event = (name: string, microseconds: number, data?: object): ReplayStep => ({
  direction: 'receive',
  message: {
    event: name,
    ...(data === undefined ? {} : { data }),
    timestamp: { seconds: 1_700_000_000, microseconds },
  },
});
const bytes = (text: string): ReplayStep => ({ bytes: Buffer.from(text) });

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

test('gives up on a socket that never comes, in time and with a reason', async () => {
  const path = join(tmpdir(), 'no-such-socket');
  await expect(connect(path, { connectTimeoutMs: 50 })).rejects.toMatchObject({
    code: 'qmp-timeout',
    message: expect.stringContaining('nobody listens') as unknown,
  });
  await expect(connect(path, { retryUntilListening: false })).rejects.toMatchObject({
    code: 'qmp-closed',
  });
  const stopped = new MigbenchError('guest', 'QEMU died.');
  await expect(connect(path, { signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped);
  await expect(connect(`/${'x'.repeat(120)}`)).rejects.toMatchObject({ code: 'host-unfit' });
});

test('says that a silent monitor may be taken', async () => {
  await using server = await ReplayServer.start([ask(0, 'never')]);
  await expect(connect(server.path, { connectTimeoutMs: 50 })).rejects.toMatchObject({
    code: 'qmp-timeout',
    message: expect.stringContaining('one client at a time') as unknown,
  });
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

test('garbage breaks the connection, quotes itself and names the command', async () => {
  await using server = await ReplayServer.start([
    ...NEGOTIATION,
    ask(2, 'query-status'),
    bytes('qemu: \u0001fatal\n'),
  ]);
  await using client = await connect(server.path);
  await expect(client.execute('query-status')).rejects.toMatchObject({
    code: 'qmp-protocol',
    message:
      'source: What arrived is not QMP: expected a JSON object, found «qemu: \\x01fatal\\x0a» ' +
      'It came in place of the answer to query-status.',
  });
  expect((await client.closed).error?.code).toBe('qmp-protocol');
  await expect(client.execute('query-status')).rejects.toMatchObject({ code: 'qmp-protocol' });
});

test('an answer to nothing, or without an id, is a protocol error', async () => {
  for (const stray of ['{"return":{},"id":99}', '{"error":{"class":"GenericError","desc":"?"}}']) {
    await using server = await ReplayServer.start([
      ...NEGOTIATION,
      ask(2, 'query-status'),
      bytes(stray),
    ]);
    await using client = await connect(server.path);
    await expect(client.execute('query-status')).rejects.toMatchObject({ code: 'qmp-protocol' });
  }
});

test('a server that dies in the middle of a message', async () => {
  await using server = await ReplayServer.start([
    ...NEGOTIATION,
    ask(2, 'query-migrate'),
    ask(3, 'query-status'),
    bytes('{"return":{"status":"act'),
    { hangUp: true },
  ]);
  await using client = await connect(server.path);
  const outcomes = await Promise.allSettled([
    client.execute('query-migrate'),
    client.execute('query-status'),
    client.waitForEvent(() => true, { timeoutMs: 5000, what: 'RESUME' }),
  ]);
  const messages = outcomes.map((outcome) =>
    outcome.status === 'rejected' ? (outcome.reason as Error).message : '',
  );
  const reason = "QEMU closed it 24 bytes into a message. Look at QEMU's log and exit code.";
  expect(messages).toEqual([
    `source: the QMP connection ended before the answer to query-migrate: ${reason}`,
    `source: the QMP connection ended before the answer to query-status: ${reason}`,
    `source: the QMP connection ended before RESUME: ${reason}`,
  ]);
  expect(await client.closed).toEqual({ reason: 'QEMU closed it 24 bytes into a message' });
  await expect(client.execute('quit')).rejects.toMatchObject({ code: 'qmp-closed' });
});

/** A server in a thread of its own, so that it can end while this thread is busy. */
const SHORT_LIVED_SERVER = `
  const { createServer } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer((socket) => {
    const version = { qemu: { major: 10, minor: 0, micro: 0 }, package: '' };
    socket.write(JSON.stringify({ QMP: { version, capabilities: [] } }));
    socket.once('data', () => {
      socket.write('{"return":{},"id":1}');
      setTimeout(() => {
        socket.write('{"event":"SHUTDOWN","timestamp":{"seconds":1,"microseconds":2}}');
        socket.destroySoon();
        server.close();
      }, 50);
    });
  }).listen(workerData, () => parentPort.postMessage('listening'));
`;

test('the last events of a QEMU that ends are kept, although a command is written to it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replay-'));
  const path = join(folder, 'q');
  const worker = new Worker(SHORT_LIVED_SERVER, { eval: true, workerData: path });
  try {
    await once(worker, 'message');
    await using client = await connect(path);
    // Stand still until QEMU has spoken its last and gone: nothing of it has been read by then.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await expect(client.execute('query-status')).rejects.toMatchObject({ code: 'qmp-closed' });
    expect(client.events.map(({ name }) => name)).toEqual(['SHUTDOWN']);
  } finally {
    await worker.terminate();
    await rm(folder, { recursive: true });
  }
});

test('a silent server: the deadline names the command, and a late answer harms nothing', async () => {
  await using server = await ReplayServer.start([
    ...NEGOTIATION,
    ask(2, 'migrate_cancel'),
    ask(3, 'query-status'),
    reply(2, {}),
    reply(3, { running: false, status: 'paused' }),
  ]);
  await using client = await connect(server.path);
  await expect(
    client.execute('migrate_cancel', undefined, { timeoutMs: 30 }),
  ).rejects.toMatchObject({
    code: 'qmp-timeout',
    message: expect.stringMatching(
      /^source: QEMU did not answer migrate_cancel within 30 ms\. .*look at its log/,
    ) as unknown,
  });
  expect(await client.execute('query-status')).toEqual({ running: false, status: 'paused' });
});

test('a command and a wait can be interrupted', async () => {
  await using server = await ReplayServer.start([...NEGOTIATION, ask(2, 'query-status')]);
  await using client = await connect(server.path);
  const controller = new AbortController();
  const { signal } = controller;
  const outcomes = Promise.allSettled([
    client.execute('query-status', undefined, { signal }),
    client.waitForEvent(() => true, { timeoutMs: 5000, signal }),
  ]);
  controller.abort();
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'interrupted' } });
  }
  await expect(client.waitForEvent(() => true, { timeoutMs: 20 })).rejects.toMatchObject({
    code: 'qmp-timeout',
  });
});

test('a listener that throws breaks nothing, and is not hidden', async () => {
  await using server = await ReplayServer.start([
    ...NEGOTIATION,
    ask(2, 'stop'),
    event('STOP', 1),
    reply(2, {}),
    ask(3, 'cont'),
    event('RESUME', 2),
    reply(3, {}),
  ]);
  await using client = await connect(server.path);
  const heard: string[] = [];
  client.onEvent(() => {
    throw new Error('listener');
  });
  const unsubscribe = client.onEvent(({ name }) => heard.push(name));
  await client.execute('stop');
  unsubscribe();
  await client.execute('cont');
  expect(heard).toEqual(['STOP']);
  expect(client.events.map(({ name }) => name)).toEqual(['STOP', 'RESUME']);
  expect(client.listenerErrors).toHaveLength(2);
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
