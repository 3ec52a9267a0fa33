/** The open loop against real servers on this host: it keeps its schedule through stalls, refusals and lost connections. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { monotonicMs, ServiceLoad } from '../../../harness/observe/service-load.ts';
import type { ServiceDefinition } from '../../../workloads/types.ts';

const RATE = 100;
const PERIOD_MS = 10;

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

/** Waits until `requests` are so many more. */
async function more(requests: readonly string[], count: number): Promise<void> {
  const wanted = requests.length + count;
  await expect.poll(() => requests.length).toBeGreaterThanOrEqual(wanted);
}

/** Waits in steps: between them sockets are read, which a host that stalls would leave out of one long wait. */
async function pass(ms: number): Promise<void> {
  for (let steps = ms / 10; steps > 0; steps -= 1) await sleep(10);
}

test('a stall delays answers and not requests: each counts from its own time', async () => {
  const lines = new Lines();
  const { port } = await serve(lines.onSocket);
  const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
  const beganMs = monotonicMs();
  await load.start(8_000);
  await more(lines.lines, 30);
  const heldMs = monotonicMs();
  lines.hold();
  await sleep(500);
  // No answer came, and requests still do.
  await more(lines.lines, 20);
  const releasedMs = monotonicMs();
  lines.release();
  // As many as can have been due by then have come, and their answers were read.
  const most = (releasedMs - beganMs) / PERIOD_MS + 2;
  await expect.poll(() => lines.lines.length).toBeGreaterThan(most);
  for (let turns = 0; turns < 3; turns += 1) await turn();
  const { requests, reconnects } = load.stop();
  expect(reconnects).toBe(0);
  const apart = requests.slice(1).map((r, i) => r.intendedMs - (requests[i]?.intendedMs ?? 0));
  for (const ms of apart) expect(ms).toBeCloseTo(PERIOD_MS, 6);
  const due = requests.filter((r) => r.intendedMs >= heldMs && r.intendedMs < releasedMs);
  expect(due.length).toBeGreaterThanOrEqual((releasedMs - heldMs) / PERIOD_MS - 1);
  for (const { endedMs } of due) expect(endedMs).toBeGreaterThanOrEqual(releasedMs);
  expect(requests.every(({ error }) => error === undefined)).toBe(true);
  const numbers = lines.lines.map((text) => Number(text.replace('get ', '')));
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const n of numbers) expect(n >= 1 && n <= 100_000, String(n)).toBe(true);
});

test('a lost connection is made again; each tick without one is an error', async () => {
  const first = await serve(new Lines().onSocket);
  const load = new ServiceLoad(line(first.port), '127.0.0.1', RATE);
  await load.start(8_000);
  await pass(200);
  const lostMs = monotonicMs();
  await first.close();
  await pass(300);
  const backMs = monotonicMs();
  const lines = new Lines();
  let heardMs = Infinity;
  await serve((socket) => {
    socket.once('data', () => (heardMs = Math.min(heardMs, monotonicMs())));
    lines.onSocket(socket);
  }, first.port);
  await more(lines.lines, 11);
  const { requests, reconnects } = load.stop();
  expect(reconnects).toBe(1);
  const due = requests.filter((r) => r.intendedMs >= lostMs && r.intendedMs < backMs - PERIOD_MS);
  expect(due.length).toBeGreaterThanOrEqual(20);
  expect(due.filter(({ error }) => error === undefined)).toEqual([]);
  const errors = requests.filter(({ error }) => error !== undefined);
  expect(errors.map(({ error }) => error).join(' ')).toContain('ECONNREFUSED');
  for (const { intendedMs, endedMs } of errors) {
    expect(endedMs).toBeGreaterThanOrEqual(lostMs);
    expect(intendedMs).toBeLessThanOrEqual(heardMs);
  }
  expect(requests.at(-2)?.error).toBeUndefined();
});

test('a service that refuses is said so, within the time it was given', async () => {
  const { port, close } = await serve(() => undefined);
  await close();
  const fromMs = performance.now();
  const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
  await expect(load.start(2_000)).rejects.toThrow('ECONNREFUSED');
  expect(performance.now() - fromMs).toBeLessThan(8_000);
});

test(
  'the refusals of a whole start are not forgotten for a last try that had no time',
  { retry: 3 },
  async () => {
    let isOverMs = Infinity;
    const { port } = await serve((socket) => {
      if (performance.now() < isOverMs) socket.destroy();
    });
    const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
    isOverMs = performance.now() + 500;
    await expect(load.start(600)).rejects.toThrow(/closed|ECONNRESET|EPIPE/u);
  },
);

test('a service that accepts and never answers does not hold the start up', async () => {
  const { port } = await serve(() => undefined);
  const load = new ServiceLoad(line(port), '127.0.0.1', RATE);
  await expect(load.start(2_000)).rejects.toThrow(/no answer/u);
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
  const refused: string[] = [];
  let isRefusing = false;
  const refuse = () => {
    if (isRefusing) refused.push(queries.at(-1) ?? '');
    return isRefusing;
  };
  const { port } = await serve((socket) => postgres(socket, queries, refuse));
  const load = new ServiceLoad(
    {
      ...{ protocol: 'postgresql', port, user: 'postgres', database: 'postgres' },
      statement: 'SELECT abalance FROM pgbench_accounts WHERE aid = {n}',
    },
    '127.0.0.1',
    RATE,
  );
  await load.start(8_000);
  await more(queries, 20);
  isRefusing = true;
  await more(refused, 5);
  isRefusing = false;
  await more(queries, 20);
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
