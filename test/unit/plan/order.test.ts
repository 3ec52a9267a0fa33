/** The order of trials: interleaved, reproducible, and with ids that a filter or more repetitions do not change. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { estimateMigrationMs, estimateRunMs } from '../../../harness/plan/estimate.ts';
import { addedTrials, mulberry32, planBlock, planTrials } from '../../../harness/plan/order.ts';
import type { ResolvedPlan } from '../../../harness/plan/types.ts';
import { cellMatcher } from '../../../harness/record/cell-matcher.ts';
import { load } from './fixtures.ts';

const { plan, definitions } = await load(`name: order
guest: { memory: 384MiB }
workloads: [idle, { id: memory-stress, dirty-rate: 20MiB/s }, database]
links: [{ bandwidth: 1Gbit/s }, { bandwidth: 200Mbit/s }]
settings: { precopy: {}, multifd: { capabilities: { multifd: true } } }
parameters: { max-bandwidth: unlimited }
repetitions: 3
deadline: 20s
`);

const ids = (resolved: ResolvedPlan, selection = {}) =>
  planTrials(resolved, selection).map(({ id }) => id);

test('every block holds each cell once, whatever the seed', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.integer({ min: 1, max: 5 }), (seed, repetitions) => {
      const trials = planTrials({ ...plan, seed }, { repetitions });
      expect(trials.map(({ position }) => position)).toEqual([...trials.keys()]);
      expect(new Set(trials.map(({ id }) => id)).size).toBe(trials.length);
      for (let block = 0; block < repetitions; block++) {
        const cells = trials.filter((trial) => trial.block === block).map(({ cell }) => cell.id);
        expect(cells.toSorted()).toEqual(plan.cells.map(({ id }) => id).toSorted());
      }
    }),
  );
});

test('the same seed gives the same order, another seed another', () => {
  expect(ids(plan)).toEqual(ids(plan));
  expect(ids({ ...plan, seed: 2 })).not.toEqual(ids(plan));
  const blocks = [0, 1].map((block) =>
    planTrials(plan)
      .filter((trial) => trial.block === block)
      .map(({ cell }) => cell.id),
  );
  expect(blocks[0]).not.toEqual(blocks[1]);
});

test('ids sort, and survive --only and --repetitions', () => {
  const all = ids(plan);
  expect(all).toHaveLength(36);
  expect(all[0]).toMatch(/^0000-00000-[0-9a-f]{8}$/);
  expect(all.toSorted()).toEqual(all);
  expect(ids(plan, { repetitions: 5 }).slice(0, 36)).toEqual(all);
  const some = ids(plan, { only: 'database/*' });
  expect(some).toHaveLength(12);
  expect(all).toEqual(expect.arrayContaining(some));
});

test('blocks that were added before are gone on with, all of each', () => {
  const { repetitions } = plan;
  const [first, second, last] = [repetitions - 1, repetitions + 2, repetitions + 5].map((block) =>
    planBlock(plan, block),
  );
  const recorded = [last!.at(-1)!.id, first![0]!.id, second![0]!.id, second![1]!.id];
  expect(addedTrials(plan, recorded)).toEqual([...second!, ...last!]);
  expect(addedTrials(plan, recorded, 'database/*')).toEqual(
    [...second!, ...last!].filter(({ cell }) => cell.id.startsWith('database/')),
  );
  expect(addedTrials(plan, [])).toEqual([]);
});

test('the generator is the published one', () => {
  const random = mulberry32(1);
  expect([random(), random(), random()]).toEqual([
    0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
  ]);
});

test('a glob crosses slashes and knows the characters of labels', () => {
  const id =
    'memory-stress+dirty-rate=20MiB/precopy/1Gbit+2ms+loss0.1%/384MiB-1cpu/system~0123abcd';
  for (const glob of [
    '*',
    '*/precopy/*',
    'memory-stress+*',
    '*+2ms*',
    '*~0123abcd',
    '*{precopy,multifd}*',
    id,
  ])
    expect([glob, cellMatcher(glob)(id)]).toEqual([glob, true]);
  expect(cellMatcher('*/multifd/*')(id)).toBe(false);
});

test('a glob that matches nothing is an error of usage', () => {
  expect(() => planTrials(plan, { only: 'nothing/*' })).toThrow(MigbenchError);
  expect(() => planTrials(plan, { only: 'nothing/*' })).toThrow(
    /^--only nothing\/\* matches none of the 12 cells; they are named like idle\/precopy\//,
  );
  expect(() => planTrials(plan, { repetitions: 0 })).toThrow(MigbenchError);
});

test('the estimate follows the link and stops at the deadline', () => {
  const spec = (workload: string, link: string) => {
    const cell = plan.cells.find(
      ({ labels }) =>
        labels.workload === workload && labels.link === link && labels.setting === 'precopy',
    );
    if (cell === undefined) throw new Error('no such cell');
    return cell.spec;
  };
  expect(estimateMigrationMs(spec('idle', '1Gbit'))).toBeCloseTo(667, -1);
  expect(estimateMigrationMs(spec('idle', '200Mbit'))).toBeCloseTo(3173, -1);
  const writer = definitions.get('memory-stress');
  const slow = { ...spec('memory-stress', '200Mbit'), deadlineMs: 5000 };
  expect(estimateMigrationMs(slow, writer)).toBe(5000);
  expect(estimateRunMs(planTrials(plan), definitions)).toBeGreaterThan(36 * 5000);
});

test('a block beyond the repetitions is the one that more repetitions would add', () => {
  const more = planTrials(plan, { repetitions: plan.repetitions + 2 });
  expect(planBlock(plan, plan.repetitions + 1)).toEqual(
    more.filter(({ block }) => block === plan.repetitions + 1),
  );
});
