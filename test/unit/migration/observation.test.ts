/** The pause, by stamps where they can be believed and by arrival where they cannot. */
import { expect, it } from 'vitest';
import { observationOf } from '../../../harness/migration/observation.ts';

const gathered = (stopUs: number, resumeUs: number, stopMs: number, resumeMs: number) => ({
  end: { kind: 'completed' } as const,
  startedAtMs: 0,
  samples: [{ atMs: 10, status: 'completed' }],
  source: [{ name: 'STOP', data: {}, qemuTimeUs: stopUs, receivedAtMs: stopMs }],
  destination: [{ name: 'RESUME', data: {}, qemuTimeUs: resumeUs, receivedAtMs: resumeMs }],
  postcopyWanted: false,
  cutWanted: false,
  warnings: [],
});

it('the stamps count where they agree with the arrivals', () => {
  const observation = observationOf(gathered(1_000_000, 1_012_500, 100, 113));
  expect(observation.pauseMs).toBe(12.5);
  expect(observation.warnings).toEqual([]);
});

it('a late arrival is worth a warning, and the stamps still count', () => {
  const observation = observationOf(gathered(1_000_000, 1_012_500, 100, 150));
  expect(observation.pauseMs).toBe(12.5);
  expect(observation.warnings.map(({ code }) => code)).toEqual(['pause-stamps-differ']);
});

it('a clock that was stepped back is not believed', () => {
  const observation = observationOf(gathered(3_600_000_000, 12_500, 100, 113));
  expect(observation.pauseMs).toBe(13);
  expect(observation.warnings.map(({ code }) => code)).toEqual(['pause-stamps-differ']);
});

it('a restore ends with RESUME itself, not with its late arrival', () => {
  const readFile = { bytes: 5, allocatedBytes: 4096, incomingAtMs: 105 };
  const late = gathered(1_000_000, 1_012_500, 100, 150);
  expect(observationOf({ ...late, readFile }).savedFile).toEqual({
    bytes: 5,
    allocatedBytes: 4096,
    restoreMs: 7.5,
  });
});
