/** The receiver of the heartbeat by itself, with beats of this process. */
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Receiver } from '../../../harness/observe/heartbeat.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { hostProgram } from '../../../harness/sandbox/process.ts';
import { RunningProcess } from '../../../harness/sandbox/running.ts';
import { cProgram, needsCompiler } from '../c-program.ts';

needsCompiler();

const MAGIC = 0x4248474d;
const SESSION = 9;

function beat(sequence: number): Buffer {
  const datagram = Buffer.alloc(24);
  [MAGIC, SESSION, sequence, 0].forEach((word, index) => datagram.writeUInt32LE(word, 4 * index));
  return datagram;
}

test('no beat arrives before it was sent, whatever takes the processor between two clocks', async () => {
  const program = cProgram(
    ['harness/observe/receiver.c'],
    ['-include', `${packageRoot}/test/replay/observe/preempted-clock.h`],
  );
  await using receiver = new Receiver(
    RunningProcess.start(hostProgram(program), ['127.0.0.1'], { pipes: true }),
  );
  const port = await receiver.port();
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  const sentMs: number[] = [];
  for (let sequence = 0; sequence < 20; sequence += 1) {
    sentMs.push(performance.now());
    await new Promise((sent) => socket.send(beat(sequence), port, '127.0.0.1', sent));
    await sleep(5);
  }
  const beats = await receiver.arrivals(SESSION);
  expect(beats.map(({ sequence }) => sequence)).toEqual([...sentMs.keys()]);
  const delays = beats.map(({ atMs, sequence }) => atMs - (sentMs[sequence] ?? NaN));
  expect(Math.min(...delays)).toBeGreaterThan(-1);
});
