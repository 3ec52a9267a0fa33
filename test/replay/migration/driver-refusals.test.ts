/** The driver against edited recordings: what QEMU refuses, post-copy that pauses or is not needed, an interruption. */
import { expect, test } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { ask, refuse, reply } from '../steps.ts';
import { NOW, isAnswer, until } from './edits.ts';
import { recording, rehearse, spec, wordsOf } from './stage.ts';

test('a refused migrate is a failure in QEMU’s own words', async () => {
  const { source, destination } = await recording('10.0', 'precopy');
  const migrate = source.findIndex((step) => wordsOf(step).execute === 'migrate');
  const { id } = wordsOf(source[migrate]!);
  const desc = 'Guest is waiting for an incoming migration';
  const observation = await rehearse({
    recording: {
      source: [...source.slice(0, migrate + 1), refuse(id, desc)],
      destination: until(destination, (step) => wordsOf(step).execute === 'query-name'),
    },
    spec: spec(),
  });
  expect(observation.end).toEqual({
    kind: 'failed',
    reason: 'qmp-error',
    detail: `source: QEMU refused migrate: ${desc} (GenericError)`,
  });
});

test('post-copy that was refused is said, and a pre-copy out of time is then cancelled', async () => {
  const { source, destination } = await recording('10.0', 'cancelled');
  const cancel = source.findIndex((step) => wordsOf(step).execute === 'migrate_cancel');
  const observation = await rehearse({
    recording: {
      source: [
        ...source.slice(0, cancel),
        ask('start', 'migrate-start-postcopy'),
        refuse('start', 'Enable it first'),
        ...source.slice(cancel),
      ],
      destination,
    },
    spec: spec({ ...NOW, deadlineMs: 0 }),
  });
  expect(observation.end.kind).toBe('not-converged');
  expect(observation.warnings).toEqual([
    {
      code: 'postcopy-not-started',
      message:
        "Post-copy could not be started: Enable it first. Compare with the plan's start-after rule.",
    },
  ]);
});

test('pre-copy that completes before post-copy is due is said to be pre-copy', async () => {
  const observation = await rehearse({
    recording: await recording('7.2', 'multifd'),
    spec: spec({
      postcopy: { startAfter: { kind: 'time', timeMs: 60_000 }, recover: false },
    }),
  });
  expect(observation.end).toEqual({ kind: 'completed' });
  expect(observation.warnings.map(({ code }) => code)).toContain('postcopy-not-needed');
});

test.each([
  [undefined, 'postcopy-paused', 'Connection reset by peer'],
  [
    { exitCode: 1 },
    'destination-exited',
    'The destination QEMU ended with exit code 1.\nQEMU says: goodbye ' +
      'Connection reset by peer \nQEMU says: goodbye',
  ],
])(
  'post-copy pauses (exit of the destination: %o): never cancelled',
  async (exit, reason, detail) => {
    const { source, destination } = await recording('10.0', 'postcopy');
    // Hand-modified: paused where the recording goes on.
    const paused = { status: 'postcopy-paused', 'error-desc': 'Connection reset by peer' };
    const active = source.findIndex(isAnswer('postcopy-active'));
    const observation = await rehearse({
      recording: {
        source: [
          ...source.slice(0, active),
          reply(wordsOf(source[active]!).id, paused),
          ask('words', 'query-migrate'),
          reply('words', paused),
        ],
        destination: until(destination, (step) => wordsOf(step).event === 'RESUME'),
      },
      spec: spec(NOW),
      ...(exit === undefined ? {} : { exits: { destination: exit } }),
    });
    expect(observation.end).toEqual({ kind: 'failed', reason, detail });
  },
);

test('an interruption is the only thing that is thrown', async () => {
  const { source, destination } = await recording('10.0', 'cancelled');
  const stop = new AbortController();
  const play = rehearse({
    recording: { source: until(source, isAnswer('active')), destination: destination.slice(0, 5) },
    spec: spec(),
    commandTimeoutMs: 300,
    signal: stop.signal,
  });
  stop.abort(new MigbenchError('interrupted', 'Interrupted.'));
  await expect(play).rejects.toMatchObject({ code: 'interrupted' });
});
