/** The sentences of the verdict: each rule, what makes it speak, and what keeps it silent. */
import { describe, expect, test } from 'vitest';
import type { Measurements, TrialRecord } from '../../../harness/record/schema.ts';
import { buildModel } from '../../../reports/model.ts';
import { exampleEnvironment, examplePlan, exampleRecord } from '../record/examples.ts';
import { readEveryOutcome } from './fixture.ts';

interface Given {
  readonly workload?: string;
  readonly setting: string;
  readonly link?: readonly [label: string, bitsPerSecond: number];
  readonly qemu?: string;
  readonly results: readonly (Measurements | 'not converged')[];
  readonly downtimeLimitMs?: number;
}

const slow = ['200Mbit', 2e8] as const;
const fast = ['1Gbit', 1e9] as const;

function records(cells: readonly Given[]): TrialRecord[] {
  return cells.flatMap(
    ({
      workload = 'memory-stress',
      setting,
      link = slow,
      qemu = 'system',
      results,
      downtimeLimitMs,
    }) =>
      results.map((result, i) => {
        const id = [workload, setting, link[0], qemu].join('/');
        const side = { capabilities: {}, parameters: { 'downtime-limit': downtimeLimitMs ?? 300 } };
        return exampleRecord({
          cellId: id,
          trialId: `${id} ${i}`,
          labels: { workload, setting, link: link[0], guest: '384MiB', qemu },
          link: { bandwidthBitsPerSecond: link[1] },
          ...(downtimeLimitMs === undefined
            ? {}
            : { effective: { source: side, destination: side } }),
          outcome:
            result === 'not converged'
              ? { kind: 'not-converged', detail: '' }
              : { kind: 'completed' },
          measurements: result === 'not converged' ? {} : result,
        });
      }),
  );
}

function said(cells: readonly Given[], rule: string): readonly string[] {
  const model = buildModel({
    directory: 'run',
    environment: exampleEnvironment(),
    plan: examplePlan,
    records: records(cells),
    warnings: [],
  });
  return model.findings.filter((finding) => finding.rule === rule).map(({ text }) => text);
}

describe('not-converged', () => {
  test('what fails, where, what helps and what that costs', () => {
    const cells: Given[] = [
      { setting: 'precopy', results: ['not converged', 'not converged'] },
      { setting: 'precopy', link: fast, results: [{ totalTimeMs: 1700 }, { totalTimeMs: 1800 }] },
      {
        setting: 'postcopy',
        results: [{ totalTimeMs: 4200, pauseMs: 9, blackoutMs: 310, workloadLostSeconds: 1.4 }],
      },
      { setting: 'postcopy', link: fast, results: [{ totalTimeMs: 1500, pauseMs: 9 }] },
    ];
    expect(said(cells, 'not-converged')).toEqual([
      'memory-stress does not converge at 200Mbit (it does at 1Gbit) with precopy; postcopy does. ' +
        'There, postcopy takes 4.2 s, pauses the guest 9 ms, leaves it silent for up to 310 ms and costs 1.4 s of work.',
    ]);
  });

  test('sometimes is not never; nothing helps', () => {
    const cells: Given[] = [
      { setting: 'precopy', results: ['not converged', { totalTimeMs: 1000 }] },
    ];
    expect(said(cells, 'not-converged')).toEqual([
      'memory-stress does not always converge at 200Mbit with precopy; nothing else was tried there.',
    ]);
  });

  test('what was measured only elsewhere is not said to help', () => {
    const cells: Given[] = [
      { setting: 'precopy', results: ['not converged'] },
      { setting: 'auto-converge', results: ['not converged'] },
      { setting: 'postcopy', link: fast, results: [{ totalTimeMs: 1000 }] },
    ];
    expect(said(cells, 'not-converged')).toEqual([
      'memory-stress does not converge at 200Mbit with precopy or auto-converge; nothing else was tried there.',
    ]);
  });
});

describe('many settings, many workloads', () => {
  test('a long list is cut, and of what helps the quickest and the gentlest are said', () => {
    const cells: Given[] = [
      { setting: 'precopy', results: ['not converged'] },
      ...[5, 4, 3, 2, 1].map((n): Given => ({
        setting: `multifd-${n}`,
        results: [{ totalTimeMs: 1000 * n, pauseMs: 60 - 10 * n }],
      })),
    ];
    expect(said(cells, 'not-converged')).toEqual([
      'memory-stress does not converge at 200Mbit with precopy; multifd-5, multifd-4, multifd-3, multifd-2 and 1 more do. ' +
        'There, multifd-1, the quickest, takes 1 s and pauses the guest 50 ms; ' +
        'multifd-5, with the shortest pause, takes 5 s and pauses the guest 10 ms.',
    ]);
  });

  test('of many without a pause, as where its probe failed, the quickest is said', () => {
    const cells: Given[] = [
      { setting: 'precopy', results: ['not converged'] },
      ...[1, 2, 3, 4].map((n): Given => ({
        setting: `multifd-${n}`,
        results: [{ totalTimeMs: 1000 * n }],
      })),
    ];
    expect(said(cells, 'not-converged')[0]).toMatch(
      / do\. There, multifd-1, the quickest, takes 1 s\.$/,
    );
  });

  test('a hundred workloads do not make a hundred sentences', () => {
    const cells = Array.from({ length: 100 }, (_, i): Given => ({
      workload: `busy-${i}`,
      setting: 'precopy',
      results: ['not converged'],
    }));
    const sentences = said(cells, 'not-converged');
    expect(sentences).toHaveLength(7);
    expect(sentences.at(-1)).toBe(
      '94 more combinations do not converge: the convergence map has them.',
    );
  });
});

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

test('converges: all of it, with its range and its longest pause', () => {
  const cells: Given[] = [
    { workload: 'idle', setting: 'precopy', results: [{ totalTimeMs: 800, pauseMs: 40 }] },
    { workload: 'idle', setting: 'multifd', results: [{ totalTimeMs: 700, pauseMs: 55 }] },
    { workload: 'busy', setting: 'precopy', results: ['not converged'] },
  ];
  expect(said(cells, 'converges')).toEqual([
    'idle completes with every setting tried, in 700 ms to 800 ms; the longest pause is 55 ms (idle with multifd).',
  ]);
});

test('over-limit: only where the pause is longer than the limit in effect', () => {
  const within: Given = { setting: 'precopy', downtimeLimitMs: 300, results: [{ pauseMs: 299 }] };
  const over: Given = { setting: 'postcopy', downtimeLimitMs: 300, results: [{ pauseMs: 450 }] };
  expect(said([within], 'over-limit')).toEqual([]);
  expect(said([within, over], 'over-limit')).toEqual([
    'In 1 of 2 cells the guest stood still longer than its downtime limit: memory-stress with postcopy, 450 ms where 300 ms was allowed.',
  ]);
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
