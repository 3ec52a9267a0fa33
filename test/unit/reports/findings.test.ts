/** The sentences of the verdict: each rule, what makes it speak, and what keeps it silent. */
import { describe, expect, test } from 'vitest';
import type { Measurements } from '../../../harness/record/schema.ts';
import { buildModel } from '../../../reports/model.ts';
import { readEveryOutcome } from './fixture.ts';
import { said, type Given } from './said.ts';

describe('lost-work', () => {
  const cells = (lost: readonly number[]) =>
    lost.map((workloadLostSeconds, i): Given => ({
      setting: `s${i}`,
      results: [{ workloadLostSeconds }],
    }));

  test('the dearest and the cheapest', () => {
    expect(said(cells([0.2, 3.1, 1]), 'lost-work')).toEqual([
      'The dearest migration costs 3.1 s of work (memory-stress with s1), the cheapest 200 ms (memory-stress with s0).',
    ]);
  });

  test('nothing lost is cheaper than little: no cheapest among those that lose', () => {
    expect(said(cells([0.2, 3.1, -8, 0.01]), 'lost-work')).toEqual([
      'The dearest migration costs 3.1 s of work (memory-stress with s1); in 2 of 4 cells no loss was seen.',
    ]);
  });
});

test('over-limit: only where the pause is longer than the limit in effect', () => {
  const within: Given = { setting: 'precopy', downtimeLimitMs: 300, results: [{ pauseMs: 299 }] };
  const over: Given = { setting: 'postcopy', downtimeLimitMs: 300, results: [{ pauseMs: 450 }] };
  expect(said([within], 'over-limit')).toEqual([]);
  expect(said([within, over], 'over-limit')).toEqual([
    'In 1 of 2 cells the guest stood still longer than its downtime limit: memory-stress with postcopy, 450 ms where 300 ms was allowed.',
  ]);
});

test('over-limit: a difference too small for the sentence is none', () => {
  const close: Given = { setting: 'precopy', downtimeLimitMs: 300, results: [{ pauseMs: 300.4 }] };
  expect(said([close], 'over-limit')).toEqual([]);
});

test('reported-too-low: a client saw far more than QEMU says', () => {
  const cells: Given[] = [
    { setting: 'postcopy', results: [{ downtimeMs: 0, pauseMs: 12, blackoutMs: 640 }] },
    { setting: 'precopy', results: [{ downtimeMs: 100, pauseMs: 110, blackoutMs: 130 }] },
  ];
  expect(said(cells, 'reported-too-low')).toEqual([
    'Do not trust the reported downtime alone: in memory-stress with postcopy, QEMU reports 0 ms where a client saw silence for 640 ms.',
  ]);
});

test('reported-too-low: a silence within its floor was not seen', () => {
  const quiet = (blackoutFloorMs: number): Given => ({
    setting: 'precopy',
    results: [{ downtimeMs: 5, pauseMs: 8, blackoutMs: 90, blackoutFloorMs }],
  });
  expect(said([quiet(95)], 'reported-too-low')).toEqual([]);
  expect(said([quiet(12)], 'reported-too-low')).toHaveLength(1);
  const paused: Given = {
    setting: 'precopy',
    results: [{ downtimeMs: 5, pauseMs: 80, blackoutMs: 90, blackoutFloorMs: 95 }],
  };
  expect(said([paused], 'reported-too-low')[0]).toContain('where events show a pause of 80 ms.');
});

describe('versions', () => {
  const six = (from: number) =>
    Array.from({ length: 6 }, (_, i): Measurements => ({ totalTimeMs: from + i }));

  test('speaks where intervals do not meet', () => {
    expect(
      said(
        [
          { setting: 'precopy', qemu: 'old', results: six(1000) },
          { setting: 'precopy', qemu: 'new', results: six(2000) },
        ],
        'versions',
      ),
    ).toEqual([
      'new takes longer than old in 1 case, at most 2.0 times as long (memory-stress with precopy on new); their intervals do not meet.',
    ]);
  });

  test('a small difference is not "1.0 times as long"', () => {
    const cells: Given[] = [
      { setting: 'precopy', qemu: 'old', results: six(1000) },
      { setting: 'precopy', qemu: 'new', results: six(1040) },
    ];
    expect(said(cells, 'versions')).toEqual([
      'new takes longer than old in 1 case, at most 4 % longer (memory-stress with precopy on new); their intervals do not meet.',
    ]);
  });

  test('KVM is not compared with TCG', () => {
    const cells: Given[] = [
      { setting: 'precopy', qemu: 'old', accelerator: 'tcg', results: six(9000) },
      { setting: 'precopy', qemu: 'new', accelerator: 'kvm', results: six(1000) },
    ];
    expect(said(cells, 'versions')).toEqual([]);
  });

  test('is silent where they do, and where there are too few trials', () => {
    const overlapping: Given[] = [
      { setting: 'precopy', qemu: 'old', results: six(1000) },
      { setting: 'precopy', qemu: 'new', results: six(1003) },
    ];
    const few: Given[] = [
      { setting: 'precopy', qemu: 'old', results: [{ totalTimeMs: 1000 }] },
      { setting: 'precopy', qemu: 'new', results: [{ totalTimeMs: 9000 }] },
    ];
    expect(said(overlapping, 'versions')).toEqual([]);
    expect(said(few, 'versions')).toEqual([]);
  });
});

test('few-trials', () => {
  expect(said([{ setting: 'precopy', results: [{ totalTimeMs: 1 }] }], 'few-trials')).toHaveLength(
    1,
  );
  const six = Array.from({ length: 6 }, (): Measurements => ({ totalTimeMs: 1 }));
  expect(said([{ setting: 'precopy', results: six }], 'few-trials')).toEqual([]);
});

test('of every outcome', async () => {
  const { findings } = buildModel(await readEveryOutcome());
  expect(findings.map(({ rule }) => rule)).toEqual([
    'not-converged',
    'over-limit',
    'converges',
    'lost-work',
  ]);
  expect(findings[0]?.text).toBe(
    'memory-stress does not always converge at 200Mbit/s (it does at 1Gbit/s) with precopy; auto-converge does. ' +
      'There, auto-converge takes 10.3 s, pauses the guest 246 ms and costs 3.08 s of work.',
  );
});

test('nothing is said of nothing', () => {
  expect(said([], 'converges')).toEqual([]);
});
