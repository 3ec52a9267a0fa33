/** The real guest: it boots, talks, runs every workload, and notices damage. TCG, so times are generous. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { buildImage } from '../../../harness/guest/image.ts';
import { parseHeartbeat, type Heartbeat } from '../../../harness/guest/protocol.ts';
import type { Telemetry } from '../../../harness/guest/telemetry.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { builtInWorkloads, loadWorkload } from '../../../workloads/registry.ts';
import type { ParameterValues, WorkloadDefinition } from '../../../workloads/types.ts';
import { BootedGuest } from './booted-guest.ts';

const short = { timeoutMs: 10_000 };

function definitionOf(id: string): WorkloadDefinition {
  const found = builtInWorkloads.find(({ definition }) => definition.id === id);
  if (found === undefined) throw new Error(`no workload ${id}`);
  return found.definition;
}

/** Start a workload's program and its load, and pass the gate. */
async function load(
  telemetry: Telemetry,
  definition: WorkloadDefinition,
  over: ParameterValues = {},
): Promise<void> {
  const defaults = Object.entries(definition.parameters).map(([name, parameter]) => [
    name,
    parameter.default,
  ]);
  const values: ParameterValues = { ...Object.fromEntries(defaults), ...over };
  await telemetry.command('start', definition.command(values) ?? [], short);
  await telemetry.waitForReady({ timeoutMs: definition.readyTimeoutMs });
  await telemetry.command('load-start', [], short);
  const gate = await telemetry.waitUntilSteady(definition.gate);
  expect(gate, JSON.stringify(gate)).toMatchObject({ kind: 'steady' });
}

/** Flip one byte in the middle of the largest part of a guest process's memory, behind its back. */
async function damage(telemetry: Telemetry, pid: string): Promise<void> {
  const maps = await telemetry.run(['cat', `/proc/${pid}/maps`], short);
  const ranges = [...maps.output.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gm)].map(
    ([, from = '', to = '']) => ({ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) }),
  );
  ranges.sort((one, two) => Number(two.to - two.from - (one.to - one.from)));
  const largest = ranges[0];
  if (largest === undefined) throw new Error(`no memory in ${maps.output}`);
  const middle = (largest.from + largest.to) / 2n + 100n;
  const memory = `/proc/${pid}/mem`;
  const script = `dd if=${memory} bs=1 skip=${middle} count=1 2>/dev/null | tr '\\000-\\377' '\\001-\\377\\000' | dd of=${memory} bs=1 seek=${middle} conv=notrunc`;
  expect(await telemetry.run(['sh', '-c', script], short)).toMatchObject({ exitCode: 0 });
}

/**
 * Add or take 1 in the first row of an account on each page of a disk's image; returns how many those were. A row is
 * three numbers, the last one its balance, and 84 spaces with a length before them; a page of a table is told from the
 * log by its header, with the size of the page and its version.
 */
async function changeBalances(path: string): Promise<number> {
  const filler = Buffer.concat([Buffer.from([((84 + 1) << 1) | 1]), Buffer.alloc(84, ' ')]);
  const block = Buffer.alloc(4096);
  await using disk = await open(path, 'r+');
  const { size } = await disk.stat();
  let changed = 0;
  for (let from = 0; from < size; from += block.length) {
    await disk.read(block, 0, block.length, from);
    const at = block.indexOf(filler) - 4;
    if (at < 0 || block.readUInt32LE(16) !== 0x2004_2000) continue;
    await disk.write(Buffer.from([(block[at] ?? 0) ^ 1]), 0, 1, from + at);
    changed += 1;
  }
  return changed;
}

describe('the guest image', () => {
  it('is found again', async () => {
    const first = await buildImage({ workloads: builtInWorkloads });
    // Nothing is fetched, waited for, or made: each of these would be interrupted.
    const signal = AbortSignal.abort();
    const workloads = [...builtInWorkloads].reverse();
    expect(await buildImage({ workloads, signal })).toEqual(first);
  });
});

describe('the guest', () => {
  it('boots, runs programs, tells the time and beats', async () => {
    await using guest = await BootedGuest.boot(builtInWorkloads, 256);
    const { telemetry } = guest;
    expect(await telemetry.waitUntilSteady(undefined)).toMatchObject({ kind: 'steady' });
    expect(
      await telemetry.run(['sh', '-c', 'cat /etc/debian_version; exit 3'], short),
    ).toMatchObject({ exitCode: 3, output: expect.stringMatching(/^12\./) });
    const words = ['a b', '', 'ä%', "'"];
    const printed = await telemetry.run(['printf', '<%s>', ...words], short);
    expect(printed.output).toBe(words.map((word) => `<${word}>`).join(''));
    expect(await telemetry.run(['/no/such'], short)).toMatchObject({ exitCode: 127 });
    const [, realtimeNs = ''] = (await telemetry.command('clock', [], short)).split(' ');
    expect(Math.abs(Number(realtimeNs) / 1e6 - Date.now())).toBeLessThan(60_000);
    await expect(telemetry.command('verify', [], short)).rejects.toMatchObject({ code: 'guest' });

    const beats: Heartbeat[] = [];
    const receiver = createSocket('udp4', (datagram) => {
      const beat = parseHeartbeat(datagram);
      if (beat !== undefined) beats.push(beat);
    });
    receiver.bind(0, '127.0.0.1');
    await once(receiver, 'listening');
    await telemetry.command('heartbeat', [String(receiver.address().port), '5000'], short);
    await sleep(2_000);
    await telemetry.command('heartbeat', ['off'], short);
    receiver.close();
    const last = beats.at(-1);
    expect(last?.session).toBe(telemetry.session);
    expect(beats.length).toBeGreaterThan(100);
    const slots = (last?.sequence ?? 0) + (last?.skipped ?? 0);
    const elapsedMs = (last?.guestMonotonicMs ?? 0) - (beats[0]?.guestMonotonicMs ?? 0);
    expect(Math.abs(elapsedMs / 5 - slots)).toBeLessThan(3 + (beats[0]?.skipped ?? 0));
  });

  it.each(['sequential', 'random', 'hot-cold', 'zipf'])(
    'runs memory-stress (%s), and notices a changed byte',
    async (pattern) => {
      const definition = definitionOf('memory-stress');
      await using guest = await BootedGuest.boot(builtInWorkloads, 256);
      const { telemetry } = guest;
      const over = {
        pattern,
        content: pattern === 'zipf' ? 'text' : 'random',
        'bytes-per-page': pattern === 'random' ? 128 : 4096,
      };
      await load(telemetry, definition, over);
      expect(telemetry.rate(500)).toBeGreaterThan(2_000);
      await telemetry.command('load-stop', [], short);
      const verify = { timeoutMs: definition.verifyTimeoutMs ?? 0 };
      expect(await telemetry.verify(verify)).toMatchObject({ intact: true });
      const pids = await telemetry.run(
        [
          'sh',
          '-c',
          'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = memory-stress ] && echo ${p#/proc/}; done; true',
        ],
        short,
      );
      await damage(telemetry, pids.output.trim());
      expect(await telemetry.verify(verify)).toMatchObject({
        intact: false,
        text: expect.stringMatching(/^1 of 16384 pages/),
      });
    },
  );

  it('says that a workload has ended', async () => {
    await using guest = await BootedGuest.boot(builtInWorkloads, 256);
    const { telemetry } = guest;
    const definition = definitionOf('memory-stress');
    await load(telemetry, definition);
    await telemetry.run(
      [
        'sh',
        '-c',
        'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = memory-stress ] && kill -9 ${p#/proc/}; done; true',
      ],
      short,
    );
    expect(await telemetry.waitUntilSteady(definition.gate)).toMatchObject({
      kind: 'broken',
      reason: expect.stringContaining('signal 9'),
    });
    await telemetry.command('start', ['/bin/sh', '-c', 'echo error no luck'], short);
    await expect(telemetry.waitForReady(short)).rejects.toMatchObject({
      message: expect.stringContaining('no luck'),
    });
  });

  it('runs the database, counts its transactions, and notices a changed row', async () => {
    const definition = definitionOf('database');
    await using guest = await BootedGuest.boot(builtInWorkloads, 384);
    const { telemetry } = guest;
    await load(telemetry, definition);
    await telemetry.command('load-stop', [], { timeoutMs: 30_000 });
    const verify = { timeoutMs: definition.verifyTimeoutMs ?? 0 };
    const verdict = await telemetry.verify(verify);
    expect(verdict, verdict.text).toMatchObject({ intact: true });
    const [, committed, counted] = /; (\d+) transactions \((\d+) by/.exec(verdict.text) ?? [];
    expect(Math.abs(Number(committed) - Number(counted))).toBeLessThanOrEqual(5);
    const psql = '/usr/lib/postgresql/15/bin/psql';
    const sql = 'update pgbench_accounts set abalance = abalance + 1 where aid = 7';
    await telemetry.run([psql, '-h', '/run/postgresql', '-U', 'postgres', 'bench', '-c', sql], {
      timeoutMs: 30_000,
    });
    expect(await telemetry.verify(verify)).toMatchObject({
      intact: false,
      text: expect.stringContaining('sums of TPC-B do not agree'),
    });
  });

  it('reads the database’s disk again before it checks it', async () => {
    const definition = definitionOf('database');
    const diskBytes = 512 * 1024 * 1024;
    await using guest = await BootedGuest.boot(builtInWorkloads, 384, diskBytes);
    const { telemetry } = guest;
    await load(telemetry, definition, { data: 'disk' });
    await telemetry.command('load-stop', [], { timeoutMs: 30_000 });
    const verify = { timeoutMs: definition.verifyTimeoutMs ?? 0 };
    const verdict = await telemetry.verify(verify);
    expect(verdict, verdict.text).toMatchObject({ intact: true });
    // The server and the kernel have read all of it by now, and would go on with that.
    expect(await changeBalances(guest.diskPath)).toBeGreaterThan(100);
    expect(await telemetry.verify(verify)).toMatchObject({
      intact: false,
      text: expect.stringContaining('sums of TPC-B do not agree'),
    });
  });

  it("runs a user's own workload", async () => {
    const counter = await loadWorkload(join(packageRoot, 'test/fixtures/workloads/counter'));
    await using guest = await BootedGuest.boot([...builtInWorkloads, counter], 256);
    const { telemetry } = guest;
    await load(telemetry, counter.definition, { rate: 5_000 });
    await telemetry.command('load-stop', [], short);
    expect(await telemetry.verify(short)).toMatchObject({ intact: true });
    const greeting = await telemetry.run(['cat', '/etc/counter/greeting.txt'], short);
    expect(greeting.output).toBe('a file of the workload\n');
  });
});
