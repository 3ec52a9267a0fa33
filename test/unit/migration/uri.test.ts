/** Where the destination listens. */
import { expect, test } from 'vitest';
import { migrationRoute } from '../../../harness/migration/uri.ts';
import type { Sandbox } from '../../../harness/sandbox/host.ts';

function sandbox(mode: Sandbox['mode']): Sandbox {
  const destination = {
    migrationAddress: mode === 'namespaces' ? '10.201.0.2' : '127.0.0.1',
    socketPath: (name: string) => `/run/destination-${name}`,
  };
  return { mode, destination } as Sandbox;
}

const route = (
  transport: 'tcp' | 'unix' | 'tls' | 'file' | 'exec',
  mode: Sandbox['mode'] = 'namespaces',
  capabilities = {},
) => migrationRoute({ transport, capabilities }, sandbox(mode), "/runs/o'clock/guest");

test('tcp: a fixed port of the destination’s own, or a free one of the loopback', async () => {
  const address = 'tcp:10.201.0.2:4444';
  const recovery = 'tcp:10.201.0.2:4445';
  expect(await route('tcp')).toEqual({ source: address, destination: address, recovery });
  expect(await route('tls')).toEqual({ source: address, destination: address, recovery });
  expect(await route('tcp', 'loopback')).not.toHaveProperty('recovery');
  expect((await route('tcp', 'loopback')).source).toMatch(/^tcp:127\.0\.0\.1:[1-9]\d+$/u);
});

test('unix: a socket of the destination’s', async () => {
  const address = 'unix:/run/destination-migration';
  expect(await route('unix')).toEqual({ source: address, destination: address });
});

test('exec: a pipe between two processes', async () => {
  expect(await route('exec')).toEqual({
    source: 'exec:cat > /run/destination-migration-pipe',
    destination: 'exec:cat /run/destination-migration-pipe',
    pipe: '/run/destination-migration-pipe',
  });
});

test('file: a stream has its name when it is whole; mapped-ram is written in place', async () => {
  const quoted = String.raw`'/runs/o'\''clock/guest'`;
  const part = String.raw`'/runs/o'\''clock/guest.part'`;
  expect(await route('file')).toEqual({
    source: `exec:cat > ${part} && mv ${part} ${quoted}`,
    destination: `exec:cat ${quoted}`,
    file: "/runs/o'clock/guest",
  });
  expect(await route('file', 'namespaces', { 'mapped-ram': true })).toMatchObject({
    source: "file:/runs/o'clock/guest",
    destination: "file:/runs/o'clock/guest",
  });
});
