/** A wait ends with what the signal has to say. */
import { expect, it } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import { Deadline } from '../../../harness/guest/telemetry-command.ts';

const never = () => new Error('late');

it('an abort with a reason of ours is that reason: the death of a QEMU is no Ctrl-C', async () => {
  const gone = new AbortController();
  const wait = new Deadline<string>({ timeoutMs: 5000, signal: gone.signal }, '"ping"', never);
  const reason = new MigbenchError('guest', 'The QEMU ended.');
  gone.abort(reason);
  await expect(wait.promise).rejects.toBe(reason);
});

it('any other abort is an interruption', async () => {
  const stop = new AbortController();
  stop.abort();
  const wait = new Deadline<string>({ timeoutMs: 5000, signal: stop.signal }, '"ping"', never);
  await expect(wait.promise).rejects.toMatchObject({
    code: 'interrupted',
    message: 'Interrupted while waiting for "ping".',
  });
});
