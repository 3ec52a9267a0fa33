/** Where a migration goes: what the source is told, and what the destination is told. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { MigbenchError } from '../errors.ts';
import type { CellSpec } from '../plan/types.ts';
import type { Sandbox } from '../sandbox/host.ts';
import { hostProgram, run } from '../sandbox/process.ts';
import { shellQuoted } from '../sandbox/shell-quote.ts';

/** TCP port of the destination in a network namespace of its own, where every port is free. */
const MIGRATION_PORT = 4444;
/** Where a migration goes on after its link was cut: the first port may still be held by the connection that was lost. */
const RECOVERY_PORT = 4445;
/** Deadline of mkfifo, ms. */
const PIPE_TIMEOUT_MS = 5_000;

/** The two ends of one way. */
export interface Route {
  readonly source: string;
  readonly destination: string;
  /** Where it is resumed after a cut of the link; absent where there is no link. */
  readonly recovery?: string;
  /** The way leads through this file: the destination reads it when the source has written it. */
  readonly file?: string;
  /** The way leads through this named pipe, which has to be there first. */
  readonly pipe?: string;
}

/**
 * @param file where a guest on its way through a file is kept; used by `transport: file` only.
 */
export async function migrationRoute(
  spec: Pick<CellSpec, 'transport' | 'capabilities'>,
  sandbox: Sandbox,
  file: string,
): Promise<Route> {
  const { destination } = sandbox;
  switch (spec.transport) {
    case 'tcp':
    case 'tls': {
      const { migrationAddress } = destination;
      if (sandbox.mode === 'loopback') {
        return sameAddress(`tcp:${migrationAddress}:${await freePort()}`);
      }
      return {
        ...sameAddress(`tcp:${migrationAddress}:${MIGRATION_PORT}`),
        recovery: `tcp:${migrationAddress}:${RECOVERY_PORT}`,
      };
    }
    case 'unix':
      return sameAddress(`unix:${destination.socketPath('migration')}`);
    case 'exec':
      return pipeRoute(destination.socketPath('migration-pipe'));
    case 'file':
      return fileRoute(file, spec.capabilities['mapped-ram'] === true);
  }
}

function sameAddress(uri: string): Route {
  return { source: uri, destination: uri };
}

/** Two processes of the QEMUs' own with a named pipe between them: bytes go one way only. */
function pipeRoute(pipe: string): Route {
  const quoted = shellQuoted(pipe);
  return { source: `exec:cat > ${quoted}`, destination: `exec:cat ${quoted}`, pipe };
}

/**
 * Make the named pipe that a route leads through, where it leads through one.
 *
 * @throws MigbenchError `host-unfit` where this host cannot.
 */
export async function layPipe({ pipe }: Route): Promise<void> {
  if (pipe === undefined) return;
  await rm(pipe, { force: true });
  await run(hostProgram('mkfifo'), [pipe], {
    timeoutMs: PIPE_TIMEOUT_MS,
    errorCode: 'host-unfit',
    purpose: 'make the pipe of transport: exec',
  });
}

/**
 * mapped-ram wants a file that it can seek in. A stream is written by a `cat`, which every build can; QEMU says
 * `completed` when it has let go of the pipe, so the file gets its name when the last byte is in it.
 */
function fileRoute(file: string, isMapped: boolean): Route {
  if (isMapped) return { source: `file:${file}`, destination: `file:${file}`, file };
  const [name, part] = [shellQuoted(file), shellQuoted(`${file}.part`)];
  return {
    source: `exec:cat > ${part} && mv ${part} ${name}`,
    destination: `exec:cat ${name}`,
    file,
  };
}

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new MigbenchError('internal', 'A TCP server has no port.');
  }
  return address.port;
}
