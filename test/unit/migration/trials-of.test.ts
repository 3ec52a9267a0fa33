/** The blocks that a run adds until it is precise, and who is pinned where no trial of the plan's own is left. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { pinObservers } from '../../../harness/migration/pin-observers.ts';
import { trialsOf } from '../../../harness/migration/trials-of.ts';
import { addedTrials, planBlock, planTrials } from '../../../harness/plan/order.ts';
import {
  allowedProcessors,
  onlineProcessors,
  processorsIn,
} from '../../../harness/sandbox/pinned.ts';
import { load, SMALL } from '../plan/fixtures.ts';

/** Where this process may run; a container need not have the first processor. */
const online = processorsIn(onlineProcessors());
const observers = processorsIn(allowedProcessors()).find((number) => online.includes(number)) ?? 0;
const { plan } = await load(`${SMALL}repetitions: 2\npin: { observers: ${observers} }\n`);

/** @param again the trial of the last of these blocks that is to be run again, by its place. */
async function resumed(
  finishedBlocks: number,
  reached: (asked: number) => boolean,
  again?: number,
) {
  const lines: string[] = [];
  const recorded = Array.from({ length: finishedBlocks }, (_, block) => planBlock(plan, block));
  const retried = again === undefined ? undefined : recorded.at(-1)?.[again]?.id;
  const finished = recorded.flat().filter(({ id }) => id !== retried);
  const isFinished = new Set(finished.map(({ id }) => id));
  const environment = { plannedTrials: 0 };
  const planned: number[] = [];
  const found: string[] = [];
  for await (const { id } of trialsOf({
    job: {
      plan,
      trials: [
        ...planTrials(plan),
        ...addedTrials(
          plan,
          recorded.flat().map((trial) => trial.id),
        ),
      ].filter((trial) => !isFinished.has(trial.id)),
      untilPrecision: { fraction: 0.05, finished: [...isFinished] },
    },
    writer: {
      environment: environment as never,
      updateEnvironment: ({ plannedTrials }) => {
        planned.push(plannedTrials);
        return Promise.resolve();
      },
    },
    progress: { line: (text) => void lines.push(text), extend: () => undefined },
    precision: () =>
      Promise.resolve({ reached: reached(lines.length), text: `asked ${lines.length}` }),
  }))
    found.push(id);
  return { lines, planned, found };
}

const idsOf = (block: number) => planBlock(plan, block).map(({ id }) => id);

test('adds blocks until it is precise', async () => {
  const { lines, planned, found } = await resumed(0, (asked) => asked === 2);
  expect(found).toEqual([0, 1, 2, 3].flatMap(idsOf));
  expect(lines).toHaveLength(3);
  expect(planned).toEqual([3, 4].map((blocks) => blocks * plan.cells.length));
});

test('a resumed run is not read again for each block that it has', async () => {
  const { lines, found } = await resumed(6, (asked) => asked === 1);
  expect(lines).toEqual(['asked 0', 'asked 1']);
  expect(found).toEqual(idsOf(6));
});

test('a trial of an added block that is to be run again is run, before precision is asked for, and once', async () => {
  const precise = await resumed(4, () => true, 0);
  expect(precise.found).toEqual([idsOf(3)[0]]);
  const { found, lines } = await resumed(4, (asked) => asked === 1, 0);
  expect(lines).toEqual(['asked 0', 'asked 1']);
  expect(found).toEqual([idsOf(3)[0], ...idsOf(4)]);
});

test('observers are pinned where only added blocks are left', async () => {
  const child = spawn('sleep', ['60']);
  try {
    await pinObservers({ cells: plan.cells }, child.pid);
    const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Cpus_allowed_list:\\s*${observers}$`, 'm'));
  } finally {
    child.kill();
  }
});
