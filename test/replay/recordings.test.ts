/** The client against recordings of real migrations: every build, every scenario, both sides. */
import { describe, expect, test } from 'vitest';
import { QmpClient, QmpCommandError, isEvent, type QmpEvent } from '../../harness/qmp/index.ts';
import { ReplayServer, readTranscript, type ReplayStep } from './replay-server.ts';

const FIXTURES = new URL('../fixtures/qmp/', import.meta.url);

/** Send the recorded commands one after the other, and give every answer (or the refusal's class). */
async function replay(
  steps: readonly ReplayStep[],
  cut?: (bytes: Buffer) => readonly Buffer[],
): Promise<{ answers: unknown[]; events: readonly QmpEvent[] }> {
  await using server = await ReplayServer.start(steps, cut === undefined ? {} : { cut });
  await using client = await QmpClient.connect({
    path: server.path,
    label: 'source',
    connectTimeoutMs: 5000,
    commandTimeoutMs: 5000,
  });
  const answers: unknown[] = [{}];
  for (const step of steps) {
    if (!('direction' in step) || step.direction !== 'send') continue;
    const { execute, arguments: args } = step.message;
    if (execute === 'qmp_capabilities') continue;
    try {
      answers.push(
        await client.executeUntyped(String(execute), args as Record<string, unknown> | undefined),
      );
    } catch (error) {
      if (!(error instanceof QmpCommandError)) throw error;
      answers.push({ class: error.errorClass, desc: error.description });
    }
  }
  await server.finished;
  const wanted = steps.filter((step) => 'direction' in step && 'event' in step.message).length;
  if (client.events.length < wanted) {
    await client.waitForEvent(() => client.events.length >= wanted, { timeoutMs: 5000 });
  }
  return { answers, events: client.events };
}

function recorded(steps: readonly ReplayStep[]): { answers: unknown[]; events: unknown[] } {
  const messages = steps.flatMap((step) =>
    'direction' in step && step.direction === 'receive' ? [step.message] : [],
  );
  return {
    answers: messages.flatMap((message) =>
      'return' in message ? [message['return']] : 'error' in message ? [message['error']] : [],
    ),
    events: messages.flatMap((message) => ('event' in message ? [message['event']] : [])),
  };
}

const builds = ['5.2', '7.2', '10.0', '11.1'];
const scenarios = ['precopy', 'cancelled', 'postcopy', 'multifd'];
const cases = builds.flatMap((build) =>
  scenarios.flatMap((scenario) =>
    ['source', 'destination'].map((side) => `${build}/${scenario}.${side}`),
  ),
);

describe.each(cases)('%s', (name) => {
  test('gives every answer and every event, in order', async () => {
    const steps = await readTranscript(new URL(`${name}.jsonl`, FIXTURES));
    const { answers, events } = await replay(steps);
    expect(answers).toEqual(recorded(steps).answers);
    expect(events.map((event) => event.name)).toEqual(recorded(steps).events);
  });
});

describe('a recording of 11.1', () => {
  test('is the same when cut into chunks of 7 bytes', async () => {
    const steps = await readTranscript(new URL('11.1/precopy.source.jsonl', FIXTURES));
    const { answers } = await replay(steps, (bytes) =>
      Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) =>
        bytes.subarray(index * 7, index * 7 + 7),
      ),
    );
    expect(answers).toEqual(recorded(steps).answers);
  });

  test('gives the events of a post-copy migration with their states', async () => {
    const steps = await readTranscript(new URL('11.1/postcopy.source.jsonl', FIXTURES));
    const { events } = await replay(steps);
    expect(
      events.map((event) => (isEvent(event, 'MIGRATION') ? event.data.status : event.name)),
    ).toEqual([
      'setup',
      'active',
      'MIGRATION_PASS',
      'MIGRATION_PASS',
      'MIGRATION_PASS',
      'STOP',
      'device',
      'postcopy-device',
      'postcopy-active',
      'completed',
    ]);
  });

  test('fails where the client sends something else', async () => {
    const steps = await readTranscript(new URL('11.1/precopy.source.jsonl', FIXTURES));
    await using server = await ReplayServer.start(steps);
    await using client = await QmpClient.connect({
      path: server.path,
      label: 'source',
      connectTimeoutMs: 5000,
      commandTimeoutMs: 5000,
    });
    await expect(client.execute('quit')).rejects.toMatchObject({ code: 'qmp-closed' });
    await expect(server.finished).rejects.toThrow('found {"execute":"quit"');
  });
});
