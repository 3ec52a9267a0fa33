/** Which QEMU is at fault where the conversation with both breaks off. */
import { expect, test } from 'vitest';
import { failureOf, type MigrationSide } from '../../../harness/migration/failure.ts';
import { MigbenchError } from '../../../harness/errors.ts';
import type { Exit } from '../../../harness/sandbox/running.ts';

/** A QEMU whose end is reported so long after its connection broke, ms. */
function side(label: string, exit: Exit, afterMs: number): MigrationSide {
  const waitForExit = (timeoutMs: number) =>
    Promise.resolve(timeoutMs < afterMs ? undefined : exit);
  return { label, ownWords: '', process: { waitForExit } } as unknown as MigrationSide;
}

test('a source whose end is reported late, on a busy host, is the reason still', async () => {
  const sides = {
    source: side('source', { signal: 'SIGKILL' }, 800),
    // Its stream broke: a consequence.
    destination: side('destination', { exitCode: 1 }, 0),
  };
  expect(await failureOf(new MigbenchError('qmp-closed', 'The connection ended.'), sides)).toEqual({
    kind: 'failed',
    reason: 'source-exited',
    detail: 'The source QEMU was killed by SIGKILL.',
  });
});
