/** Where the destination listens. */
import { expect, test } from 'vitest';
import { destinationUri } from '../../../harness/migration/uri.ts';
import type { Sandbox } from '../../../harness/sandbox/host.ts';

function sandbox(mode: Sandbox['mode']): Sandbox {
  const destination = {
    migrationAddress: mode === 'namespaces' ? '10.201.0.2' : '127.0.0.1',
    socketPath: (name: string) => `/run/destination-${name}`,
  };
  return { mode, destination } as Sandbox;
}

test('tcp: a fixed port of the destination’s own, or a free one of the loopback', async () => {
  expect(await destinationUri('tcp', sandbox('namespaces'))).toBe('tcp:10.201.0.2:4444');
  expect(await destinationUri('tcp', sandbox('loopback'))).toMatch(/^tcp:127\.0\.0\.1:[1-9]\d+$/u);
});

test('unix: a socket of the destination’s', async () => {
  expect(await destinationUri('unix', sandbox('namespaces'))).toBe(
    'unix:/run/destination-migration',
  );
});

test.each(['tls', 'file'] as const)('%s is refused as the plan’s mistake', async (transport) => {
  await expect(destinationUri(transport, sandbox('namespaces'))).rejects.toMatchObject({
    code: 'plan-invalid',
    message: `transport: ${transport} is not built yet; expected tcp or unix.`,
  });
});
