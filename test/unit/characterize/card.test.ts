/** Cards: made of measurements, written and read again; and what is said of one that is damaged. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardSchema, readCard } from '../../../harness/characterize/card.ts';
import { makeCard } from '../../../harness/characterize/make-card.ts';
import { readingTimeoutMs } from '../../../harness/characterize/measure/ram-reader.ts';
import { referencedBytes } from '../../../harness/characterize/measure/touched.ts';
import { card, frame, measurement, MIB } from './measurement.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migbench-card-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('makeCard', () => {
  test('gives the contract’s fields', () => {
    const made = cardSchema.parse(JSON.parse(JSON.stringify(card())));
    expect(made).toMatchObject({
      ...frame,
      schemaVersion: 1,
      workingSetBytes: 64 * MIB,
      nonZeroBytes: 128 * MIB,
      compressionRatio: 2,
      cpuBusyPercent: [42],
      phases: { kind: 'steady', windowMs: 1000 },
    });
    expect(made.zeroFraction).toBeCloseTo(2 / 3, 9);
    // A tenth while memory is read, which it is for 60 ms at each of the readings.
    expect(made.readingLossPercent).toMatchObject({
      pairs: 8,
      expected: expect.closeTo(10, 9) as unknown,
    });
    expect(made.disturbancePercent).toBeGreaterThan(0.6);
    expect(made.disturbancePercent).toBeLessThan(2);
    expect(made.dirtyCurve.map(({ windowMs }) => windowMs)).toEqual([100, 300, 1000, 4000, 15_000]);
    expect(made.requiredBandwidth.map((row) => row.downtimeLimitMs)).toEqual([30, 100, 300, 1000]);
    // 20 MiB/s and its headers, in frames of 1514 bytes with 1448 of payload.
    const bits = (20 * MIB * (4104 / 4096) * 8 * 1514) / 1448;
    expect(made.requiredBandwidth[2]!.bitsPerSecond).toBeCloseTo(bits, -1);
    expect(made.requiredDowntime.map((row) => row.recommended)).toEqual(Array(4).fill('precopy'));
  });

  test('leaves out windows that came out otherwise than they should', () => {
    const measured = measurement((ms) => Math.min(64, ms / 50) * MIB);
    const windows = measured.windows.map((window) =>
      window.windowMs === 300 ? { ...window, tookMs: 500 } : window,
    );
    const made = makeCard(frame, { ...measured, windows });
    expect(made.dirtyCurve.map(({ windowMs }) => windowMs)).toEqual([100, 1000, 4000, 15_000]);
    expect(made.warnings.join(' ')).toContain('No window of 0.3 s came out as long as it should');
  });

  test('of no usable window at all is an error that says what to do', () => {
    const measured = measurement((ms) => ms * 1000, { scanMs: 7000 });
    const windows = measured.windows.map((window) => ({ ...window, unevenMs: window.windowMs }));
    expect(() => makeCard(frame, { ...measured, windows })).toThrow(
      expect.objectContaining({
        code: 'host-unfit',
        message: expect.stringMatching(
          /reads in 7 s\. Ask for longer windows, and fewer/u,
        ) as unknown,
      }) as Error,
    );
  });

  test('warns of what makes a card worth less', () => {
    const warnings = (made: ReturnType<typeof makeCard>) => made.warnings.join(' ');
    expect(
      warnings(
        makeCard(
          frame,
          measurement(() => 1000),
        ),
      ),
    ).toContain('all but idle');
    expect(warnings(card())).toContain('not that of KVM');
    const disturbed = {
      cost: Array.from({ length: 8 }, () => ({ alone: 100, read: 10 })),
      scanMs: 400,
    };
    expect(
      warnings(
        makeCard(
          frame,
          measurement((ms) => ms * 50_000, disturbed),
        ),
      ),
    ).toMatch(/cost the workload [3-9]\d %/u);
  });

  test('names the windows that rest on few, and no others', () => {
    const measured = measurement((ms) => Math.min(64, ms / 50) * MIB);
    const turns = new Map<number, number>();
    const windows = measured.windows.map((window) => {
      const turn = (turns.get(window.windowMs) ?? 0) + 1;
      turns.set(window.windowMs, turn);
      return window.windowMs === 100 && turn > 2 ? { ...window, unevenMs: 50 } : window;
    });
    const few = makeCard(frame, { ...measured, windows });
    const enough = few.dirtyCurve.flatMap(({ windowMs, uniqueDirtyBytes: { independent = 0 } }) =>
      independent < 3 ? [] : [windowMs],
    );
    expect(enough).toEqual([300, 1000, 4000]);
    expect(few.warnings.join(' ')).toContain(
      'Windows of 0.1 s, 15 s rest on fewer than 3 that do not overlap',
    );
  });

  test('recommends to leave a guest that no link can move where it is', () => {
    const made = makeCard(
      { ...frame, guest: { ...frame.guest, memoryBytes: 2 ** 40 } },
      measurement((ms) => Math.min(2 ** 39, ms * 2 ** 30), {
        cpuBusyPercent: [5],
        compression: { ratio: 1, bytesPerSecond: 80e6 },
        snapshots: [
          { index: 0, atMs: 0, lateMs: 0, nonZeroPages: 2 ** 27, heldPages: 2 ** 28, cpuMs: 60 },
        ],
      }),
    );
    expect(made.requiredDowntime[0]!.recommended).toBe('do-not-move');
  });
});

describe('readCard', () => {
  test('reads a card, or the card in a directory', async () => {
    const path = join(folder, 'card.json');
    await writeFile(path, JSON.stringify(card()));
    expect(await readCard(folder)).toEqual(await readCard(path));
  });

  test.each([
    ['{"schemaVersion":1,', /not JSON: the card is damaged/u],
    ['{"schemaVersion":1,"workload":"idle"}', /not as expected: workloadParams/u],
    ['{"schemaVersion":7}', /format version 7/u],
  ])('refuses %s', async (text, message) => {
    const path = join(folder, 'damaged.json');
    await writeFile(path, text);
    await expect(readCard(path)).rejects.toMatchObject({
      code: 'record',
      message: expect.stringMatching(message) as unknown,
    });
  });

  test.each([
    [
      'more memory in use than there is',
      { nonZeroBytes: 385 * MIB },
      /nonZeroBytes: more than the guest’s/u,
    ],
    [
      'windows that do not grow',
      { dirtyCurve: [...card().dirtyCurve].reverse() },
      /dirtyCurve\.1\.windowMs: not longer than the window before/u,
    ],
    [
      'a spread without its middle',
      {
        dirtyCurve: [{ windowMs: 50, uniqueDirtyBytes: { n: 3, median: 10, low: 20, high: 30 } }],
      },
      /dirtyCurve\.0\.uniqueDirtyBytes: out of order/u,
    ],
  ])('refuses %s', async (_, wrong, message) => {
    const path = join(folder, 'wrong.json');
    await writeFile(path, JSON.stringify({ ...card(), ...wrong }));
    await expect(readCard(path)).rejects.toThrow(message);
  });

  test('refuses a curve of no points, and what is not there', async () => {
    const path = join(folder, 'empty.json');
    await writeFile(path, JSON.stringify({ ...card(), dirtyCurve: [] }));
    await expect(readCard(path)).rejects.toThrow('dirtyCurve');
    await expect(readCard(join(folder, 'none.json'))).rejects.toThrow('migbench characterize');
  });
});

test('the reader has the longer for an answer, the more memory it reads', () => {
  expect(readingTimeoutMs(384 * MIB)).toBe(63_000);
  expect(readingTimeoutMs(32 * 1024 * MIB)).toBe(316_000);
});

test('referenced memory is that of the guest’s mappings alone', () => {
  const smaps = [
    '7f00-7f10 rw-p 00000000 00:00 0',
    'Referenced:            100 kB',
    '7f20-7f30 rw-s 00000000 00:01 12   /memfd:memory-backend-memfd (deleted)',
    'Size:                 4096 kB',
    'Referenced:             20 kB',
    '7f40-7f50 rw-s 00000000 00:01 12   /memfd:memory-backend-memfd (deleted)',
    'Referenced:              4 kB',
    '7f60-7f70 r--p 00000000 00:00 0    /usr/lib/x.so',
    'Referenced:            900 kB',
  ];
  expect(referencedBytes(smaps.join('\n'))).toBe(24 * 1024);
  expect(referencedBytes('')).toBeUndefined();
});
