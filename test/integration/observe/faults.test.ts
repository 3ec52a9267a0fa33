/** Faults that a trial must see, or must survive: damaged memory, and a probe that is killed. */
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { findSandboxKind } from '../../../harness/sandbox/enter.ts';
import {
  Cli,
  eventually,
  fixturePlan,
  isReceiving,
  metersOf,
  receiverOf,
  recordsOf,
  skipBecause,
  temporaryFolder,
  whyNoGuests,
} from '../run/cli.ts';
import { migrationUnderWay } from '../run/runs.ts';
import { recordWithoutProbe } from './one-trial.ts';

const PAGE_BYTES = 4096;
/** As in the plan. */
const GUEST_BYTES = 224 * 1024 * 1024;
/** Of the 8192 pages of the working set; two a thousand of all are written in a second: some of these are not. */
const FLIPPED = Array.from({ length: 10 }, (_, index) => BigInt(4321 + index));
/** `MibSpg1`, the beginning of every page of memory-stress. */
const MAGIC = Buffer.from('4d69625370673100', 'hex');

let unfit: string | undefined;
beforeAll(async () => {
  const { mode, notes } = await findSandboxKind(new AbortController().signal);
  unfit = mode === 'loopback' ? notes.join(' ') : await whyNoGuests();
});

/** Flip one byte in the middle of some pages of the working set, in the memory of a running QEMU. */
function flipBytes(pid: number): void {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
  const ranges = [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw/gmu)]
    .map(([, from = '', to = '']) => ({
      from: Number.parseInt(from, 16),
      bytes: Number.parseInt(to, 16) - Number.parseInt(from, 16),
    }))
    // The guest's memory has its very size; QEMU's buffer for translated code may be larger.
    .sort((one, other) => Math.abs(one.bytes - GUEST_BYTES) - Math.abs(other.bytes - GUEST_BYTES));
  const memory = openSync(`/proc/${pid}/mem`, 'r+');
  try {
    const page = Buffer.alloc(PAGE_BYTES);
    const { from, bytes } = ranges[0]!;
    const left = new Set(FLIPPED);
    for (let at = from; at < from + bytes; at += PAGE_BYTES) {
      readSync(memory, page, 0, PAGE_BYTES, at);
      // A page has its header only here.
      if (!page.subarray(0, 8).equals(MAGIC) || !left.delete(page.readBigUInt64LE(8))) continue;
      const place = PAGE_BYTES / 2;
      writeSync(memory, Buffer.of(page[place]! ^ 0x10), 0, 1, at + place);
      if (left.size === 0) return;
    }
  } finally {
    closeSync(memory);
  }
  throw new Error('not all of these pages of the working set were found');
}

test('bytes that are wrong on the destination: a damaged guest, reported loudly', async (context) => {
  if (unfit !== undefined) skipBecause(context, unfit);
  const out = join(await temporaryFolder(), 'run');
  // Watched for longer than it takes to do something to it, on a busy host too.
  const settle = ['settle', 'settle-limit'].flatMap((name) => ['--set', `windows.${name}=6s`]);
  await using cli = await Cli.start(['run', fixturePlan('faults'), '--out', out, ...settle]);
  const destination = await migrationUnderWay(cli);
  await eventually('its end', () => (isReceiving(destination) ? undefined : true));
  // Its memory is complete and the guest runs.
  await sleep(500);
  flipBytes(destination);
  const ended = await cli.ended();
  expect(ended, ended.stderr).toMatchObject({ exitCode: 4 });
  expect(recordsOf(out)).toMatchObject([
    {
      outcome: {
        kind: 'failed',
        reason: 'guest-damaged',
        detail: expect.stringMatching(
          /the first is page 43(?:2[1-9]|30) at byte 2048 /u,
        ) as unknown,
      },
      integrity: 'damaged',
    },
  ]);
  expect(ended.stdout).toContain('FAILED');
  expect(ended.stdout).toContain('GUEST DATA DAMAGED');
  expect(readFileSync(join(out, 'report', 'trials.csv'), 'utf8')).toContain('damaged');
});

test('a receiver that is killed costs the heartbeat’s columns and a warning, not the trial', async (context) => {
  if (unfit !== undefined) skipBecause(context, unfit);
  const out = join(await temporaryFolder(), 'run');
  await using cli = await Cli.start(['run', fixturePlan('faults'), '--out', out]);
  await migrationUnderWay(cli);
  process.kill(await eventually('the receiver', () => receiverOf(cli)), 'SIGKILL');
  const record = await recordWithoutProbe(cli, out, /was killed by SIGKILL/u);
  expect(record.measurements).not.toHaveProperty('blackoutMs');
  expect(record.measurements.wireBytes).toBeGreaterThan(0);
  expect(record.measurements.pauseMs).toBeGreaterThan(0);
});

test('counters that are gone cost the wire’s series and a warning, not the trial', async (context) => {
  if (unfit !== undefined) skipBecause(context, unfit);
  const out = join(await temporaryFolder(), 'run');
  await using cli = await Cli.start(['run', fixturePlan('faults'), '--out', out]);
  await migrationUnderWay(cli);
  const meters = metersOf(cli);
  expect(meters.length).toBeGreaterThan(0);
  for (const pid of meters) process.kill(pid, 'SIGKILL');
  const record = await recordWithoutProbe(cli, out, /The wire probe failed/u);
  expect(record.measurements.blackoutMs).toBeGreaterThan(0);
  expect(record.measurements.pauseMs).toBeGreaterThan(0);
});
