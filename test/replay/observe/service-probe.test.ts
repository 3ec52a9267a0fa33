/** The whole service probe, its client process included, against a service on this host. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Moments, ProbeContext } from '../../../harness/observe/probe.ts';
import { ProbeSet } from '../../../harness/observe/probe.ts';
import { serviceProbe } from '../../../harness/observe/service.ts';
import { RunningProcess } from '../../../harness/sandbox/running.ts';
import type { ServiceDefinition } from '../../../workloads/types.ts';

/** Answers lines; while `isHolding` it answers none, and all that are due when that ends. */
async function lineService() {
  let held: (() => void)[] = [];
  let isHolding = false;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const _ of String(chunk).matchAll(/\n/gu)) {
        const answer = () => void socket.write('ok\n');
        if (isHolding) held.push(answer);
        else answer();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => (isHolding = true),
    release: () => {
      isHolding = false;
      for (const answer of held) answer();
      held = [];
    },
  };
}

/** The parts of a trial that this probe looks at; `processes` are those it starts. */
function trial(service: ServiceDefinition | undefined, network: 'tap' | 'user' = 'tap') {
  const processes: RunningProcess[] = [];
  const startClient = (...args: Parameters<typeof RunningProcess.start>) => {
    const started = RunningProcess.start(...args);
    processes.push(started);
    return started;
  };
  const context = {
    stage: {
      signal: new AbortController().signal,
      sandbox: {
        startClient,
        guestAddressing: { address: '127.0.0.1/24' },
        source: { guestNetwork: { kind: network } },
      },
    },
    spec: { probes: { service: true } },
    template: { recipe: { accelerator: 'kvm', workload: { service } } },
  } as unknown as ProbeContext;
  return { context, processes };
}

function line(port: number): ServiceDefinition {
  return { protocol: 'line', port, request: 'ask {n}' };
}

test(
  'the outage is as long as the service was silent, on the clock of the trial',
  { retry: 3 },
  async () => {
    const service = await lineService();
    const { context } = trial(line(service.port));
    await using probes = new ProbeSet([serviceProbe], context);
    await probes.start();
    const baselineFromMs = performance.now();
    await sleep(400);
    const startedAtMs = performance.now();
    service.hold();
    const heldMs = performance.now();
    await sleep(1_000);
    const silentMs = performance.now() - heldMs;
    service.release();
    const migratedAtMs = performance.now();
    await sleep(300);
    const endedAtMs = performance.now();
    await probes.stop();
    const moments: Moments = {
      ...{ baselineFromMs, baselineToMs: startedAtMs, startedAtMs, migratedAtMs, endedAtMs },
      completed: true,
    };
    const { measurements, warnings, details } = probes.report(moments);
    expect(warnings).toEqual([]);
    // Between a tick of 5 ms more or less, and what a busy host adds.
    expect(measurements.serviceOutageMs).toBeGreaterThan(silentMs - 30);
    expect(measurements.serviceOutageMs).toBeLessThan(silentMs + 120);
    expect(measurements.serviceErrors).toBe(0);
    expect(details['service']).toMatchObject({ requestsPerSecond: 200, reconnects: 0 });
  },
);

test('a service that is not there costs the columns, and says which port and why', async () => {
  const { context, processes } = trial(line(1));
  await using probes = new ProbeSet([serviceProbe], context);
  await probes.start();
  await probes.stop();
  const { measurements, warnings } = probes.report({} as Moments);
  expect(measurements).toEqual({});
  expect(warnings).toMatchObject([
    {
      code: 'probe-failed',
      message: expect.stringMatching(/service probe failed .*port 1\b.*ECONNREFUSED/u) as unknown,
    },
  ]);
  expect(processes[0]?.exit).toBeDefined();
});

test('a client that is killed costs the columns', async () => {
  const service = await lineService();
  const { context, processes } = trial(line(service.port));
  await using probes = new ProbeSet([serviceProbe], context);
  await probes.start();
  processes[0]?.kill();
  await processes[0]?.exited;
  await probes.stop();
  expect(probes.report({} as Moments)).toMatchObject({
    measurements: {},
    warnings: [{ message: expect.stringContaining('was killed by SIGKILL') as unknown }],
  });
});

test('it does not apply without a service, or behind the user-mode network', () => {
  expect(serviceProbe(trial(undefined).context)).toBeUndefined();
  expect(serviceProbe(trial(line(1), 'user').context)).toBeUndefined();
});
