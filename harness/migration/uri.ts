/** Where the destination listens for the migration stream. */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { MigbenchError } from '../errors.ts';
import type { CellSpec } from '../plan/types.ts';
import type { Sandbox } from '../sandbox/host.ts';

/** TCP port of the destination in a network namespace of its own, where every port is free. */
const MIGRATION_PORT = 4444;

/** @throws MigbenchError `plan-invalid` for a transport that is not built yet. */
export async function destinationUri(
  transport: CellSpec['transport'],
  sandbox: Sandbox,
): Promise<string> {
  const { destination } = sandbox;
  switch (transport) {
    case 'tcp': {
      const port = sandbox.mode === 'namespaces' ? MIGRATION_PORT : await freePort();
      return `tcp:${destination.migrationAddress}:${port}`;
    }
    case 'unix':
      return `unix:${destination.socketPath('migration')}`;
    default:
      throw new MigbenchError(
        'plan-invalid',
        `transport: ${transport} is not built yet; expected tcp or unix.`,
      );
  }
}

/** A TCP port of the loopback interface that was free a moment ago. */
async function freePort(): Promise<number> {
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
