/** The verdict on convergence: what fails where and with which QEMU, what helps, and what is said where all is well. */
import { describe, expect, test } from 'vitest';
import { fast, said, slow, type Given } from './said.ts';

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

  test('of links of one rate, the figures are those of the one that is named', () => {
    const far = ['200Mbit-20ms', 2e8] as const;
    const cells: Given[] = [
      { setting: 'precopy', results: ['not converged'] },
      { setting: 'precopy', link: far, results: ['not converged'] },
      { setting: 'postcopy', results: [{ totalTimeMs: 4000, pauseMs: 40 }] },
      { setting: 'postcopy', link: far, results: [{ totalTimeMs: 9000, pauseMs: 90 }] },
    ];
    expect(said(cells, 'not-converged')[0]).toMatch(
      /At 200Mbit, postcopy takes 4 s and pauses the guest 40 ms\.$/u,
    );
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

const slowest = ['100Mbit', 1e8] as const;
const done = { totalTimeMs: 1000 };

describe('several QEMUs', () => {
  const precopy = (
    qemu: string,
    link: Given['link'] & {},
    result: Given['results'][number],
  ): Given => ({ setting: 'precopy', qemu, link, results: [result] });

  test('each is said to fail on its own links only', () => {
    const cells = [
      precopy('A', slowest, 'not converged'),
      precopy('A', slow, 'not converged'),
      precopy('A', fast, 'not converged'),
      precopy('B', slowest, 'not converged'),
      precopy('B', slow, done),
      precopy('B', fast, done),
    ];
    expect(said(cells, 'not-converged')).toEqual([
      'memory-stress does not converge on any link tried with precopy on A; nothing else was tried there.',
      'memory-stress does not converge at 100Mbit (it does at 200Mbit) with precopy on B; nothing else was tried there.',
    ]);
  });

  test('a faster link is named only where each of them converges on it', () => {
    const both = (link: Given['link'] & {}, ...results: readonly Given['results'][number][]) =>
      results.map((result, i): Given => ({
        setting: i % 2 === 0 ? 'precopy' : 'auto-converge',
        qemu: i < 2 ? 'A' : 'B',
        link,
        results: [result],
      }));
    const no = 'not converged';
    expect(
      said([...both(slow, no, no, no, no), ...both(fast, no, done, done, done)], 'not-converged'),
    ).toEqual([
      'memory-stress does not converge at 200Mbit with precopy or auto-converge; nothing else was tried there.',
      'memory-stress does not converge at 1Gbit with precopy on A; auto-converge does. There, auto-converge takes 1 s.',
    ]);
    expect(
      said([...both(slow, no, no, no, no), ...both(fast, done, done, done, done)], 'not-converged'),
    ).toEqual([
      'memory-stress does not converge at 200Mbit (it does at 1Gbit) with precopy or auto-converge; nothing else was tried there.',
    ]);
    expect(
      said([...both(slow, no, no, no, no), ...both(fast, done, done)], 'not-converged')[0],
    ).toContain(' at 200Mbit with ');
  });
});

describe('what converges in part', () => {
  const nine = Array.from({ length: 9 }, () => done);
  const precopy: Given = { setting: 'precopy', results: ['not converged'] };

  test.each(['failed', 'not converged'] as const)('one of ten trials %s', (end) => {
    const postcopy: Given = { setting: 'postcopy', results: [...nine, end] };
    expect(said([precopy, postcopy], 'not-converged')[0]).toMatch(
      /; postcopy \(9 of 10 trials\) does in part\.$/,
    );
    const multifd: Given = { setting: 'multifd', results: [done] };
    expect(said([precopy, postcopy, multifd], 'not-converged')[0]).toMatch(
      /; multifd does, postcopy \(9 of 10 trials\) does in part\. There, multifd takes 1 s\.$/,
    );
  });

  test('is counted over the QEMUs of which a sentence is', () => {
    const postcopy: Given = { setting: 'postcopy', results: [...nine, 'failed'] };
    const of = (qemu: string) => [precopy, postcopy].map((cell) => ({ ...cell, qemu }));
    expect(said([...of('A'), ...of('B')], 'not-converged')).toEqual([
      'memory-stress does not converge at 200Mbit with precopy; postcopy (18 of 20 trials) does in part.',
    ]);
  });

  test('a setting that never completes does not', () => {
    const postcopy: Given = { setting: 'postcopy', results: ['failed'] };
    expect(said([precopy, postcopy], 'not-converged')[0]).toMatch(
      /; no other setting was seen to converge there\.$/,
    );
  });
});

test('silence is said up to the longest of any trial, and only where it stands out of its floor', () => {
  const helps = (results: Given['results']): Given[] => [
    { setting: 'precopy', results: ['not converged'] },
    { setting: 'postcopy', results },
  ];
  const silence = (blackoutMs: number, blackoutFloorMs: number) => ({
    ...{ pauseMs: 9, blackoutMs, blackoutFloorMs },
  });
  expect(
    said(helps([silence(300, 12), silence(310, 12), silence(900, 12)]), 'not-converged')[0],
  ).toMatch(/ There, postcopy pauses the guest 9 ms and leaves it silent for up to 900 ms\.$/);
  expect(said(helps([silence(40, 45), silence(44, 45)]), 'not-converged')[0]).toMatch(
    / There, postcopy pauses the guest 9 ms\.$/,
  );
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

test('converges: from the shortest to the longest trial, not from median to median', () => {
  const trial = (totalTimeMs: number, pauseMs: number) => ({ totalTimeMs, pauseMs });
  expect(
    said(
      [
        { setting: 'precopy', results: [trial(700, 40), trial(640, 20), trial(900, 50)] },
        { setting: 'multifd', results: [trial(750, 30), trial(1420, 480), trial(720, 20)] },
      ],
      'converges',
    ),
  ).toEqual([
    'memory-stress completes with every setting tried, in 640 ms to 1.42 s; the longest pause is 480 ms (memory-stress with multifd).',
  ]);
});
