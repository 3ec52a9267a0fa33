/** The open loop against real servers on this host: it keeps its schedule through stalls, refusals and lost connections. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ServiceLoad } from '../../../harness/observe/service-load.ts';
import type { ServiceDefinition } from '../../../workloads/types.ts';

const RATE = 100;

async function serve(onSocket: (socket: Socket) => void, port = 0) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, sockets, close };
}

/** Answers each line with a line; `held` answers wait for `release`. */
class Lines {
  readonly lines: string[] = [];
  #held: (() => void)[] | undefined;
  hold(): void {
    this.#held = [];
  }
  release(): void {
    for (const answer of this.#held ?? []) answer();
    this.#held = undefined;
  }
  readonly onSocket = (socket: Socket): void => {
    socket.on('data', (chunk) => {
      for (const text of String(chunk).split('\n').slice(0, -1)) {
        this.lines.push(text);
        const answer = () => socket.write('ok\n');
        if (this.#held === undefined) answer();
        else this.#held.push(answer);
      }
    });
  };
}

function line(port: number): ServiceDefinition {
  return { protocol: 'line', port, request: 'get {n}' };
}

test('a stall delays answers and not requests: each counts from its own time', async () => {
  const lines = new Lines();
  const { port } = await serve(lines.onSocket);
  const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
  await load.start(1_000);
  await sleep(300);
  lines.hold();
  await sleep(500);
  lines.release();
  await sleep(300);
  const { requests, reconnects } = load.stop();
  expect(reconnects).toBe(0);
  expect(requests.length).toBeGreaterThanOrEqual(100);
  const apart = requests.slice(1).map((r, i) => r.intendedMs - (requests[i]?.intendedMs ?? 0));
  for (const ms of apart) expect(ms).toBeCloseTo(10, 6);
  const waits = requests.map(({ intendedMs, endedMs }) => (endedMs ?? Infinity) - intendedMs);
  // 50 requests were due in the stall: half of them waited for longer than half of it.
  const long = waits.filter((ms) => ms > 250 && ms < Infinity);
  expect(long.length).toBeGreaterThanOrEqual(20);
  expect(long.length).toBeLessThanOrEqual(32);
  expect(requests.every(({ error }) => error === undefined)).toBe(true);
  const numbers = lines.lines.map((text) => Number(text.replace('get ', '')));
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const n of numbers) expect(n >= 1 && n <= 100_000, String(n)).toBe(true);
});

test('a lost connection is made again; each tick without one is an error', async () => {
  const first = await serve(new Lines().onSocket);
  const load = new ServiceLoad(line(first.port), '127.0.0.1', RATE);
  await load.start(1_000);
  await sleep(200);
  await first.close();
  await sleep(300);
  const lines = new Lines();
  await serve(lines.onSocket, first.port);
  await sleep(300);
  const { requests, reconnects } = load.stop();
  expect(reconnects).toBe(1);
  const errors = requests.filter(({ error }) => error !== undefined);
  expect(errors.length).toBeGreaterThanOrEqual(20);
  expect(errors.length).toBeLessThanOrEqual(45);
  expect(errors.map(({ error }) => error).join(' ')).toContain('ECONNREFUSED');
  expect(requests.at(-2)?.error).toBeUndefined();
  expect(lines.lines.length).toBeGreaterThan(10);
});

test('a service that refuses is said so, within the time it was given', async () => {
  const { port, close } = await serve(() => undefined);
  await close();
  const fromMs = performance.now();
  const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
  await expect(load.start(300)).rejects.toThrow('ECONNREFUSED');
  expect(performance.now() - fromMs).toBeLessThan(1_500);
});

test('the refusals of a whole start are not forgotten for a last try that had no time', async () => {
  const isOverMs = performance.now() + 500;
  const { port } = await serve((socket) => {
    if (performance.now() < isOverMs) socket.destroy();
  });
  const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
  await expect(load.start(600)).rejects.toThrow(/closed|ECONNRESET|EPIPE/u);
});

test('a service that accepts and never answers does not hold the start up', async () => {
  const { port } = await serve(() => undefined);
  const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
  await expect(load.start(300)).rejects.toThrow(/no answer/u);
});

/** As much of PostgreSQL's protocol 3.0 as one simple query needs. */
function postgres(socket: Socket, queries: string[], refuse: () => boolean): void {
  const message = (type: string, body: Buffer) => {
    const head = Buffer.alloc(5, type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const ready = message('Z', Buffer.from('I'));
  let isStarted = false;
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const offset = isStarted ? 1 : 0;
      if (rest.length < offset + 4) return;
      const length = offset + rest.readInt32BE(offset);
      if (rest.length < length) return;
      const packet = rest.subarray(0, length);
      rest = rest.subarray(length);
      if (!isStarted) {
        isStarted = true;
        socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]));
      } else if (packet[0] === 'Q'.charCodeAt(0)) {
        queries.push(packet.subarray(5, -1).toString());
        socket.write(
          refuse()
            ? Buffer.concat([message('E', Buffer.from('SERROR\0C57014\0Mcanceled\0\0')), ready])
            : Buffer.concat([message('C', Buffer.from('SELECT 0\0')), ready]),
        );
      }
    }
  });
}

test('PostgreSQL: statements with their numbers; an error answer is an error and no lost connection', async () => {
  const queries: string[] = [];
  let isRefusing = false;
  const { port } = await serve((socket) => postgres(socket, queries, () => isRefusing));
  const load = new ServiceLoad(
    {
      ...{ protocol: 'postgresql', port, user: 'postgres', database: 'postgres' },
      statement: 'SELECT abalance FROM pgbench_accounts WHERE aid = {n}',
    },
    '127.0.0.1',
    RATE,
  );
  await load.start(2_000);
  await sleep(200);
  isRefusing = true;
  await sleep(100);
  isRefusing = false;
  await sleep(200);
  const { requests, reconnects } = load.stop();
  expect(queries[0]).toMatch(/^SELECT abalance FROM pgbench_accounts WHERE aid = \d+$/u);
  expect(reconnects).toBe(0);
  const errors = requests.filter(({ error }) => error !== undefined);
  expect(errors.length).toBeGreaterThanOrEqual(5);
  expect(errors.every(({ error }) => error === 'canceled')).toBe(true);
  expect(
    requests.filter((r) => r.error === undefined && r.endedMs !== undefined).length,
  ).toBeGreaterThan(25);
});
