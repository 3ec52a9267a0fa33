/** Predictions against migrations, and what hosts cost, on records made from the model itself with known costs. */
import { describe, expect, test } from 'vitest';
import { calibrate } from '../../../harness/characterize/calibrate.ts';
import { costsOf } from '../../../harness/characterize/calibration.ts';
import { cardSchema } from '../../../harness/characterize/card.ts';
import {
  conditionsOf,
  confusionOf,
  errorsOf,
  ownErrorOf,
  postcopyStarts,
  validate,
  withOwnErrors,
} from '../../../harness/characterize/validation.ts';
import { cardContent } from '../../../reports/card/content.ts';
import { trustText } from '../../../reports/card/own-error.ts';
import { validationMarkdown } from '../../../reports/card/validation.ts';
import { busy, idle, record } from './records.ts';

const calibrating = [
  ...[100e6, 200e6, 400e6, 800e6].map((bandwidth) => record(idle, bandwidth, 100)),
  record(idle, 'unlimited', 100),
];
const calibration = calibrate(calibrating, idle, '2026-11-25T08:00:00.000Z');

describe('calibrate', () => {
  test('finds what hosts cost', () => {
    expect(calibration.setupMs).toBe(4);
    expect(calibration.socketBytes / 2e6).toBeCloseTo(1, 1);
    expect(calibration.deviceMs.expected / 20).toBeCloseTo(1, 0);
    expect(calibration.zeroPagesPerSecond / 4e5).toBeCloseTo(1, 1);
    expect(calibration.streamBytesPerSecond / 4e8).toBeCloseTo(1, 0);
    expect(calibration).toMatchObject({
      ...{ trials: 5, accelerator: 'tcg', qemuVersion: '10.0.13' },
      guest: { memoryBytes: 384 * 2 ** 20, vcpus: 1 },
    });
  });

  test('says what is missing', () => {
    expect(() => calibrate([record(idle, 100e6, 100)], idle, '')).toThrow(
      'three completed migrations over links with a limit and one without, found 1 and 0',
    );
  });
});

describe('validate', () => {
  const use = [{ card: busy, costs: costsOf(calibration) }];
  const records = [
    ...[250e6, 500e6, 1e9].flatMap((bandwidth) =>
      [100, 300, 1000].map((limit) => record(busy, bandwidth, limit)),
    ),
    record(busy, 50e6, 100),
  ];

  test('finds no error where migrations go as the model says', () => {
    const { trials, leftOut } = validate(records, use);
    expect(leftOut).toEqual({});
    const error = ownErrorOf(trials, 'tried');
    expect(error).toMatchObject({ trials: 10, wrongCalls: 0 });
    expect(error.totalTimePercent!.p90).toBeLessThan(2);
    expect(error.downtimeMs!.p90).toBeLessThan(25);
    expect(confusionOf(trials).no).toEqual([0, 1]);
  });

  test('finds the error where they go otherwise', () => {
    const [first] = validate([record(busy, 1e9, 300)], use).trials;
    const slower = {
      ...first!,
      measured: { ...first!.measured!, totalTimeMs: 2 * first!.prediction.totalTimeMs!.expected },
    };
    expect(errorsOf(slower)!.totalTimePercent).toBeCloseTo(-50, 9);
    expect(ownErrorOf([{ ...first!, converged: false }], '').wrongCalls).toBe(1);
  });

  test('counts what it cannot compare', () => {
    const foreign = { ...busy.qemu, version: '9.9.9' };
    const { trials, leftOut } = validate(
      [
        record(busy, 1e9, 300, { qemu: { source: foreign, destination: foreign } }),
        record(busy, 1e9, 300, { accelerator: 'kvm' }),
        record(busy, 1e9, 300, {
          outcome: { kind: 'failed', reason: 'guest-dead', detail: '' },
        }),
        record(busy, 1e9, 300, {
          requested: {
            capabilities: { 'x-colo': true },
            parameters: { 'downtime-limit': 300 },
          },
        }),
      ],
      use,
    );
    expect(trials).toEqual([]);
    expect(leftOut).toEqual({
      'no card of this workload, guest, QEMU and accelerator': 2,
      failed: 1,
      'a setting or a link that is not predicted': 1,
    });
  });

  test('calls a migration that ends after its deadline one that does not converge', () => {
    const [late] = validate([record(busy, 250e6, 300, { deadlineMs: 1000 })], use).trials;
    expect(late!.call).toBe('no');
  });

  test('is written down with every migration', () => {
    const text = validationMarkdown(validate(records, use), 'tried');
    expect(text.match(/\| completed \|/gu)).toHaveLength(10);
    expect(text).not.toMatch(/undefined|NaN/u);
  });
});

test('settings of a record are those that the model knows, or none', () => {
  const parameters = { 'downtime-limit': 300, 'multifd-compression': 'zlib', 'max-bandwidth': 5e6 };
  const of = (capabilities: Record<string, boolean>) =>
    conditionsOf(record(busy, 1e9, 300, { requested: { capabilities, parameters } }));
  expect(of({ multifd: true })).toMatchObject({
    setting: 'multifd-zlib',
    maxBandwidthBytesPerSecond: 5e6,
  });
  expect(of({ 'auto-converge': true, multifd: false })?.setting).toBe('auto-converge');
  expect(of({ 'auto-converge': true, multifd: true })).toBeUndefined();
});

test('links that the model does not know are neither predicted nor calibrated with', () => {
  const of = (more: object) =>
    record(idle, 100e6, 100, { link: { bandwidthBitsPerSecond: 100e6, ...more } });
  expect(conditionsOf(of({}))).toBeDefined();
  const foreign = [{ delayUs: 20_000 }, { lossPercent: 0.1 }, { competingBitsPerSecond: 5e7 }].map(
    of,
  );
  const saved = record(idle, 100e6, 100, { transport: 'file' });
  for (const one of [...foreign, saved]) expect(conditionsOf(one)).toBeUndefined();
  expect(calibrate([...calibrating, ...foreign, saved], idle, '').trials).toBe(5);
});

test('post-copy is predicted from when its cell says that it starts', () => {
  const requested = {
    capabilities: { 'postcopy-ram': true },
    parameters: { 'downtime-limit': 300 },
  };
  const starts = postcopyStarts([
    { id: 'c', spec: { postcopy: { startAfter: { kind: 'time', timeMs: 2000 }, recover: false } } },
    { id: 'd', spec: { postcopy: { startAfter: { kind: 'passes', passes: 2 } } } },
    { id: 'e', spec: { postcopy: { startAfter: { kind: 'now' } } } },
    { id: 'f', spec: {} },
  ]);
  expect([...starts.keys()]).toEqual(['c', 'd', 'e']);
  const of = (cellId: string) =>
    conditionsOf(record(busy, 1e9, 300, { cellId, requested }), starts.get(cellId));
  expect(of('c')).toMatchObject({ setting: 'postcopy', leaveAfter: { timeMs: 2000 } });
  expect(of('d')?.leaveAfter).toEqual({ passes: 2 });
  expect(of('e')?.leaveAfter).toEqual({ timeMs: 0 });
  expect(of('f')?.leaveAfter).toBeUndefined();
});

test('errors are kept on the card by setting, those of other validations beside', () => {
  const use = [{ card: busy, costs: costsOf(calibration) }];
  const multifd = { capabilities: { multifd: true }, parameters: { 'downtime-limit': 300 } };
  const plain = validate([record(busy, 1e9, 300), record(busy, 50e6, 100)], use);
  const once = withOwnErrors(busy, plain, '2026-11-25');
  expect(once.ownError).toMatchObject({
    trials: 2,
    confusion: { yes: [1, 0], 'coin flip': [0, 0], no: [0, 1] },
    source: 'validated 2026-11-25 on memory-stress with QEMU 10.0.13 under TCG',
  });
  expect(once.ownErrorBySetting).toBeUndefined();
  const other = validate([record(busy, 1e9, 300, { requested: multifd })], use);
  const twice = cardSchema.parse(
    JSON.parse(JSON.stringify(withOwnErrors(once, other, '2026-11-26'))),
  );
  expect(twice.ownError).toEqual(once.ownError);
  expect(twice.ownErrorBySetting?.multifd).toMatchObject({ trials: 1, wrongCalls: 0 });
  const foreign = { ...busy, qemu: { ...busy.qemu, version: '7.2.22' } };
  expect(withOwnErrors(foreign, plain, '2026-11-25').ownError).toBeUndefined();
  // What was found under TCG is nothing to a card of KVM, and does not take the place of what was found there.
  const kvm = { ...busy, accelerator: 'kvm' as const, ownError: { ...once.ownError!, trials: 9 } };
  expect(withOwnErrors(kvm, plain, '2026-11-25')).toEqual(kvm);
  const table = cardContent(twice).tables.at(-1)!;
  expect(table.rows.map(([setting]) => setting)).toEqual(['precopy', 'multifd']);
  expect(table.rows[0]).toEqual(expect.arrayContaining(['1 / 0', '0 / 0', '0 / 1', '0 of 2']));
  expect(trustText(twice, 'multifd')).toContain('1 migrations');
});
