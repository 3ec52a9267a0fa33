/** Reading what the receiver of the heartbeat hands over, from a program that speaks as it does. */
import { expect, test } from 'vitest';
import { Receiver } from '../../../harness/observe/heartbeat.ts';
import { hostProgram } from '../../../harness/sandbox/process.ts';
import { RunningProcess } from '../../../harness/sandbox/running.ts';

/** A host that stalls for two seconds between two lines is no silence. */
const SILENCE_MS = 3_500;
const TOGETHER = { concurrent: true, timeout: 30_000 };

/** @param then shell commands for when its standard input has ended. */
function receiver(then: string): Receiver {
  const script = `echo "port 4711"; cat > /dev/null; ${then}`;
  return new Receiver(
    RunningProcess.start(hostProgram('sh', ['-c', script]), [], { pipes: true }),
    SILENCE_MS,
  );
}

test('beats may take longer than the limit, as long as they keep coming', TOGETHER, async () => {
  const lines = [1, 2, 3, 4].map((beat) => `sleep 1; echo "9 ${beat} 0 ${beat}000000"`);
  await using slow = receiver(['echo "8 1 0 0"', ...lines].join('; '));
  expect(await slow.port()).toBe(4711);
  const beganMs = performance.now();
  const beats = await slow.arrivals(9);
  expect(performance.now() - beganMs).toBeGreaterThan(SILENCE_MS);
  expect(beats.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
});

test('one that falls silent is not waited for', TOGETHER, async () => {
  await using silent = receiver('echo "9 1 0 1000000"; exec sleep 60');
  await silent.port();
  await expect(silent.arrivals(9)).rejects.toThrow('the receiver of the heartbeat gave no answer');
});
