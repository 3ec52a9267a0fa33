/** The client against a QEMU that misbehaves, is silent or ends, over a real socket. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { NEGOTIATION, ReplayServer } from '../replay-server.ts';
import { ask, bytes, connect, event, reply } from '../steps.ts';

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
