/** One connection to a service in the guest. Requests wait in line behind each other; answers come in their order. */
import { connect as connectSocket, type Socket } from 'node:net';
import type { ServiceDefinition } from '../../workloads/types.ts';
import { deadline } from '../deadline.ts';
import { MigbenchError, messageOf } from '../errors.ts';

export interface ServiceConnection {
  /** Settles with a good answer; rejects with a bad one, or when the connection is lost. */
  request(text: string): Promise<void>;
  /** Settles when the connection is gone, with the reason; never rejects. */
  readonly lost: Promise<string>;
  close(): void;
}

type LineService = Extract<ServiceDefinition, { protocol: 'line' }>;
type PostgresService = Extract<ServiceDefinition, { protocol: 'postgresql' }>;

/** What a request says, before its `{n}` is filled in. */
export function requestOf(service: ServiceDefinition): string {
  return service.protocol === 'line' ? service.request : service.statement;
}

/** @throws MigbenchError or the socket's own error where there is no connection within `timeoutMs`. */
export function openConnection(
  service: ServiceDefinition,
  host: string,
  timeoutMs: number,
): Promise<ServiceConnection> {
  return service.protocol === 'line'
    ? openLine(service, host, timeoutMs)
    : openPostgres(service, host, timeoutMs);
}

async function openLine(
  { port }: LineService,
  host: string,
  timeoutMs: number,
): Promise<ServiceConnection> {
  const socket = connectSocket({ host, port, noDelay: true });
  try {
    await deadline(connected(socket), timeoutMs, () => {
      throw new MigbenchError('guest', `no connection within ${timeoutMs} ms`);
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const lost = new Promise<string>((resolve) => {
    let reason = 'the connection was closed';
    socket.on('error', (error) => (reason = error.message));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      for (const { reject } of waiting.splice(0)) reject(new MigbenchError('guest', reason));
      resolve(reason);
    });
  });
  socket.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 0x0a) waiting.shift()?.resolve();
  });
  return {
    request: (text) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new MigbenchError('guest', 'no connection'));
        waiting.push({ resolve, reject });
        socket.write(`${text}\n`);
      }),
    lost,
    close: () => socket.destroy(),
  };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}

async function openPostgres(
  { port, user, database }: PostgresService,
  host: string,
  timeoutMs: number,
): Promise<ServiceConnection> {
  // Only clients of PostgreSQL pay for its protocol.
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    ...{ host, port, user, database },
    connectionTimeoutMillis: timeoutMs,
    ssl: false,
    application_name: 'migbench',
  });
  const lost = new Promise<string>((resolve) => {
    client.on('error', (error) => resolve(messageOf(error)));
    client.on('end', () => resolve('the connection was closed'));
  });
  await client.connect();
  // A queue of our own: one request at a time on the wire, as a session of a real client has it.
  let last: Promise<unknown> = Promise.resolve();
  return {
    request: (text) => {
      const answer = last.then(() => client.query(text));
      last = answer.catch(() => undefined);
      return answer.then(() => undefined);
    },
    lost,
    close: () => void client.end().catch(() => undefined),
  };
}
