/** The driver against recordings of real migrations by each build, and against copies in which a QEMU misbehaves. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { phasesOf } from '../../../harness/migration/phases.ts';
import { totalsOf } from '../../../harness/migration/totals.ts';
import type { ReplayStep } from '../replay-server.ts';
import { ask, reply } from '../steps.ts';
import { NOW, finalWord, isAnswer, until } from './edits.ts';
import {
  recordedPauseMs,
  recording,
  rehearse,
  spec,
  VERSIONS,
  wordsOf,
  type Recording,
} from './stage.ts';

describe.each(VERSIONS)('QEMU %s', (version) => {
  beforeEach(() => {
    // Events that a stall of the host delays by a second would look like a step of its clock.
    let nowMs = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 0.01));
  });

  afterEach(() => void vi.restoreAllMocks());

  test.each(['precopy', 'multifd'])('%s completes', async (scenario) => {
    const played = await recording(version, scenario);
    const observation = await rehearse({ recording: played, spec: spec() });
    expect(observation.end).toEqual({ kind: 'completed' });
    expect(observation.pauseMs).toBeCloseTo(recordedPauseMs(played), 6);
    expect(observation.pauseMs).toBeGreaterThan(0);
    const final = finalWord(played.source);
    expect(totalsOf(observation)).toMatchObject({
      totalTimeMs: final['total-time'],
      downtimeMs: final['downtime'],
      setupTimeMs: final['setup-time'],
      pauseMs: observation.pauseMs,
    });
    const { startedAtMs, endedAtMs, events } = observation;
    expect(endedAtMs).toBeGreaterThan(startedAtMs);
    const phases = phasesOf(events, endedAtMs - startedAtMs).map(({ name }) => name);
    expect(phases.slice(0, 2)).toEqual(['setup', 'pass 1']);
    expect(phases.slice(-2)).toEqual(['switchover', 'aftermath']);
    expect(observation.warnings.map(({ code }) => code)).not.toContain('totals-missing');
  });

  test('cancelled at its deadline: not converged, with neither downtime nor pause', async () => {
    const played = await recording(version, 'cancelled');
    const observation = await rehearse({ recording: played, spec: spec({ deadlineMs: 0 }) });
    expect(observation.end).toEqual({
      kind: 'not-converged',
      detail: "Still in pre-copy after 0 s, the plan's deadline; cancelled.",
    });
    expect(observation).not.toHaveProperty('pauseMs');
    const totals = totalsOf(observation);
    expect(totals).not.toHaveProperty('downtimeMs');
    expect(totals).not.toHaveProperty('totalTimeMs');
    expect(totals.transferredBytes).toBeGreaterThan(0);
    const phases = phasesOf(observation.events, 1000);
    expect(phases.map(({ name }) => name)).not.toContain('switchover');
  });

  test('a cancel that the source calls a failure, as 10.0 may, is still a cancel', async () => {
    const played = await recording(version, 'cancelled');
    const source = JSON.parse(
      JSON.stringify(played.source).replaceAll('"status":"cancelled"', '"status":"failed"'),
    ) as ReplayStep[];
    const observation = await rehearse({
      recording: { ...played, source },
      spec: spec({ deadlineMs: 0 }),
    });
    expect(observation.end).toMatchObject({ kind: 'not-converged' });
  });

  test('a status that no QEMU has yet is one of a migration that goes on', async () => {
    const played = await recording(version, 'precopy');
    const later = (steps: readonly ReplayStep[]) =>
      JSON.parse(
        JSON.stringify(steps).replaceAll('"status":"active"', '"status":"warp-active"'),
      ) as ReplayStep[];
    const doctored = { source: later(played.source), destination: later(played.destination) };
    expect(JSON.stringify(doctored.source)).toContain('warp-active');
    const observation = await rehearse({ recording: doctored, spec: spec() });
    expect(observation.end).toEqual({ kind: 'completed' });
    expect(observation.pauseMs).toBeCloseTo(recordedPauseMs(played), 6);
  });

  test('post-copy: told once, and completes', async () => {
    const played = await recording(version, 'postcopy');
    const observation = await rehearse({ recording: played, spec: spec(NOW) });
    expect(observation.end).toEqual({ kind: 'completed' });
    expect(observation.pauseMs).toBeCloseTo(recordedPauseMs(played), 6);
    expect(observation.warnings.map(({ code }) => code)).not.toContain('postcopy-not-needed');
    const phases = phasesOf(observation.events, 1e6).map(({ name }) => name);
    expect(phases).toEqual(expect.arrayContaining(['switchover', 'postcopy', 'aftermath']));
  });

  test('post-copy that was told to start is not cancelled, although its deadline has passed', async () => {
    const played = await recording(version, 'postcopy');
    const observation = await rehearse({
      recording: played,
      spec: spec({ ...NOW, deadlineMs: 0 }),
    });
    expect(observation.end).toEqual({ kind: 'completed' });
  });

  test('a destination that dies on the way is the reason, not what the source says of it', async () => {
    const { source, destination } = await recording(version, 'postcopy');
    // Copies of the recording, with an end that was not recorded.
    const played: Recording = {
      source: [
        ...until(source, (step) => wordsOf(step).execute === 'migrate-start-postcopy'),
        ask('failed', 'query-migrate'),
        reply('failed', { status: 'failed', 'error-desc': 'Unable to write to socket' }),
        ask('words', 'query-migrate'),
        reply('words', { status: 'failed', 'error-desc': 'Unable to write to socket' }),
      ],
      destination: [
        ...until(destination, (step) => wordsOf(step).execute === 'query-name'),
        { hangUp: true },
      ],
    };
    const observation = await rehearse({
      recording: played,
      spec: spec(),
      exits: { destination: { signal: 'SIGSEGV' } },
    });
    expect(observation.end).toEqual({
      kind: 'failed',
      reason: 'destination-exited',
      detail: expect.stringMatching(
        /^The destination QEMU was killed by SIGSEGV\.\nQEMU says: goodbye .*Unable to write to socket/u,
      ) as unknown,
    });
    expect(observation).not.toHaveProperty('pauseMs');
  });

  test('a destination that dies after the source has completed', async () => {
    const { source, destination } = await recording(version, 'precopy');
    const observation = await rehearse({
      recording: {
        source,
        destination: [
          ...until(destination, (step) => wordsOf(step).execute === 'query-name'),
          { hangUp: true },
        ],
      },
      spec: spec(),
      exits: { destination: { exitCode: 1 } },
    });
    expect(observation.end).toEqual({
      kind: 'failed',
      reason: 'destination-exited',
      detail: 'The destination QEMU ended with exit code 1.\nQEMU says: goodbye',
    });
  });

  test.each([
    [{ signal: 'SIGKILL' }, 'source-exited', 'The source QEMU was killed by SIGKILL.'],
    [undefined, 'qmp-error', 'source: the QMP connection ended before the answer to query-migrate'],
  ])('a source that closes (exit: %o)', async (exit, reason, words) => {
    const { source, destination } = await recording(version, 'cancelled');
    const observation = await rehearse({
      recording: {
        source: [...until(source, isAnswer('active')), { hangUp: true }],
        destination: until(destination, (step) => wordsOf(step).data?.status === 'failed'),
      },
      spec: spec(),
      exits: exit === undefined ? {} : { source: exit },
    });
    expect(observation.end).toMatchObject({
      kind: 'failed',
      reason,
      detail: expect.stringContaining(words) as unknown,
    });
  });

  test('totals that come after the status are waited for', async () => {
    const { source, destination } = await recording(version, 'multifd');
    // Hand-modified: an answer as 7.2 gives it with multifd for a moment, before the one that was recorded.
    const early = { ...finalWord(source), 'total-time': 0, downtime: 0 };
    const end = source.findIndex(isAnswer('completed'));
    const observation = await rehearse({
      recording: {
        source: [
          ...source.slice(0, end),
          reply(wordsOf(source[end]!).id, early),
          ask('again', 'query-migrate'),
          reply('again', early),
          ask('whole', 'query-migrate'),
          reply('whole', finalWord(source)),
        ],
        destination,
      },
      spec: spec(),
    });
    expect(observation.end).toEqual({ kind: 'completed' });
    expect(observation.final?.totalTimeMs).toBe(finalWord(source)['total-time']);
    expect(totalsOf(observation)).toMatchObject({
      totalTimeMs: finalWord(source)['total-time'],
      downtimeMs: finalWord(source)['downtime'],
    });
  });
});

test.concurrent.each(VERSIONS)('QEMU %s: a source that falls silent', async (version) => {
  const { source, destination } = await recording(version, 'cancelled');
  const observation = await rehearse({
    recording: {
      source: until(source, isAnswer('active')),
      destination: until(destination, (step) => wordsOf(step).data?.status === 'failed'),
    },
    spec: spec(),
    // The commands before it have no longer.
    commandTimeoutMs: 3_000,
  });
  expect(observation.end).toMatchObject({
    kind: 'failed',
    reason: 'qmp-timeout',
    detail: expect.stringContaining('did not answer query-migrate within 3600 ms') as unknown,
  });
});
