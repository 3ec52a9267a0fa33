/** The page's program, where it needs no browser: state in the fragment, what filters leave, the Pareto front. */
import { Script } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tableText } from '../../../reports/html/client/copy.js';
import { parseFragment, selection, writeFragment } from '../../../reports/html/client/fragment.js';
import { paretoFront } from '../../../reports/html/client/pareto.js';
import { clientScript } from '../../../reports/html/program.ts';

test('the modules are one script, in which no name is taken twice', async () => {
  const script = (await clientScript()).replace(/^<script>|<\/script>$/g, '');
  expect(() => new Script(script)).not.toThrow();
  expect(script).not.toMatch(/^(?:import|export) /m);
  for (const name of ['nextWindow', 'writeFragment']) expect(script).toContain(`function ${name}(`);
});

describe('fragment', () => {
  test('filters and trial', () => {
    const state = parseFragment('#workload=idle&workload=a%26b&setting=&trial=0001-00002-5cef9a88');
    expect(state).toEqual({
      filters: { workload: ['idle', 'a&b'], setting: [''] },
      trial: '0001-00002-5cef9a88',
    });
    expect(parseFragment(writeFragment(state))).toEqual(state);
  });

  test.each(['', '#', '#results'])('%j is no state', (text) => {
    expect(parseFragment(text)).toEqual({ filters: {} });
  });

  test('nothing chosen stays nothing', () => {
    const text = writeFragment({ filters: { workload: [], setting: ['precopy'] } });
    expect(text).toBe('workload=&setting=precopy');
    const { filters } = parseFragment(text);
    const cells = [{ labels: { workload: 'idle', setting: 'precopy' } }];
    const trials = [{ id: '1', cell: 0, outcome: 'completed' }];
    expect([...selection(filters, cells, trials).cells]).toEqual([]);
    const none = parseFragment(writeFragment({ filters: { outcome: [] } }));
    expect([...selection(none.filters, cells, trials).cells]).toEqual([]);
  });

  test('any value comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (values) => {
        const state = { filters: { workload: values } };
        expect(parseFragment(`#${writeFragment(state)}`)).toEqual(state);
      }),
    );
  });
});

test('selection: labels of cells, outcomes of their trials', () => {
  const cells = [{ labels: { workload: 'a' } }, { labels: { workload: 'b' } }];
  const trials = [
    { id: '1', cell: 0, outcome: 'completed' },
    { id: '2', cell: 0, outcome: 'failed' },
    { id: '3', cell: 1, outcome: 'completed' },
  ];
  const all = selection({}, cells, trials);
  expect([[...all.cells], [...all.hiddenTrials]]).toEqual([[0, 1], []]);
  const failed = selection({ outcome: ['failed'] }, cells, trials);
  expect([[...failed.cells], [...failed.hiddenTrials]]).toEqual([[0], ['1', '3']]);
  expect([...selection({ workload: ['b'], outcome: ['failed'] }, cells, trials).cells]).toEqual([]);
});

test('front: what nothing beats in both, by group', () => {
  const place = (group: string, total: number, still: number) => ({ group, total, still });
  const front = paretoFront([
    place('a', 3, 1),
    place('a', 1, 9),
    place('a', 2, 9),
    place('a', 2, 5),
    place('b', 7, 7),
  ]);
  expect(front).toEqual([place('a', 1, 9), place('a', 2, 5), place('a', 3, 1), place('b', 7, 7)]);
});

test('copied tables leave out what is filtered', () => {
  const table = {
    head: ['| A |', '| --- |'],
    csvHead: 'a',
    rows: [
      { cell: 0, markdown: '| x |', csv: 'x' },
      { cell: 1, markdown: '| y |', csv: 'y' },
    ],
  };
  expect(tableText(table, 'markdown', new Set([1]))).toBe('| A |\n| --- |\n| y |\n');
  expect(tableText(table, 'csv', new Set([0, 1]))).toBe('a\nx\ny\n');
});
