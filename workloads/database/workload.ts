/** database: PostgreSQL with pgbench's TPC-B-like transactions inside the guest. */
import type { ParameterValues, WorkloadDefinition } from '../types.ts';

const PROGRAM = '/usr/lib/migbench/database';
const MIB = 1024 * 1024;

/** Size of one pgbench scale unit on disk, indexes included, with room for the history and bloat. */
const SCALE_BYTES = 24 * MIB;
/** The system, PostgreSQL with its buffers, the write-ahead log. */
const SYSTEM_BYTES = 288 * MIB;
const CLIENT_BYTES = 4 * MIB;

function number(parameters: ParameterValues, name: string): number {
  return Number(parameters[name]);
}

function dataBytes(parameters: ParameterValues): number {
  return number(parameters, 'scale') * SCALE_BYTES;
}

export const workload: WorkloadDefinition = {
  id: 'database',
  title: 'PostgreSQL under pgbench transactions',
  description:
    'PostgreSQL 15 in the guest with pgbench (TPC-B-like: three updates, a select and an insert per transaction) as its client, also in the guest, so that the network is not part of the load. The model of a transactional service: small scattered writes, a log that is written in order, processes that wait for each other. Progress is committed transactions, counted by transaction ids. verify stops the load and checks that the four sums that TPC-B keeps equal are equal, and with pg_amcheck that every table and index is sound; where the data is on a disk, the server is stopped and the disk unmounted and mounted again first, so that what is checked is what the disk has. The server also listens on the guest’s address, port 5432, for clients outside.',
  parameters: {
    clients: {
      kind: 'count',
      description: 'Concurrent database sessions of the load.',
      default: 2,
      minimum: 1,
      maximum: 64,
    },
    scale: {
      kind: 'count',
      description: "pgbench's scale factor: 100 000 accounts (about 15 MiB) each.",
      default: 1,
      minimum: 1,
      maximum: 1000,
    },
    rate: {
      kind: 'per-second',
      description:
        'Transactions per second, at random times and catching up after a stall (open loop); unlimited: each session begins the next when the last is done (closed loop).',
      default: 'unlimited',
      minimum: 1,
      unlimited: true,
    },
    jobs: {
      kind: 'count',
      description: 'Threads of pgbench that share the clients; at most as many as clients.',
      default: 1,
      minimum: 1,
      maximum: 64,
    },
    data: {
      kind: 'choice',
      description:
        'Where the data directory is: in guest memory (tmpfs, so that a migration moves it), or on a virtual disk that both hosts open.',
      default: 'tmpfs',
      choices: ['tmpfs', 'disk'],
    },
  },
  progressUnit: 'transactions',
  loop: ({ rate }) => (rate === 'unlimited' ? 'closed' : 'open'),
  guest: {
    packages: ['postgresql-15', 'e2fsprogs'],
    programs: [{ sources: ['database.c', 'postgres-client.c'], target: PROGRAM }],
  },
  command: (parameters) => [
    PROGRAM,
    ...['clients', 'scale', 'rate', 'jobs', 'data'].map((name) => String(parameters[name])),
  ],
  minimumGuestMemoryBytes: (parameters) =>
    SYSTEM_BYTES +
    number(parameters, 'clients') * CLIENT_BYTES +
    (parameters['data'] === 'disk' ? 0 : dataBytes(parameters)),
  readyTimeoutMs: 180_000,
  gate: { windowMs: 1_000, tolerance: 0.3, timeoutMs: 20_000 },
  verifies: true,
  verifyTimeoutMs: 180_000,
  disk: (parameters) =>
    parameters['data'] === 'disk' ? { sizeBytes: 512 * MIB + dataBytes(parameters) } : undefined,
  service: {
    protocol: 'postgresql',
    port: 5432,
    user: 'postgres',
    database: 'bench',
    statement: 'SELECT abalance FROM pgbench_accounts WHERE aid = {n}',
  },
};
