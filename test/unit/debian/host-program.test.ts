/** Programs for this host in the cache; nothing is compiled. */
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { hostCProgram } from '../../../harness/debian/host-program.ts';

vi.mock('../../../harness/debian/compiler.ts', async () => {
  const files = await import('node:fs/promises');
  return {
    compilerTree: () => Promise.resolve({ key: 'k' }),
    compileStatic: async ({ output }: { readonly output: string }) => {
      await files.mkdir(join(output, '..'), { recursive: true });
      await files.writeFile(output, 'compiled');
    },
  };
});

it('is compiled once, and has the time of its last use', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'migbench-program-'));
  onTestFinished(() => rm(cache, { recursive: true }));
  const source = join(cache, 'tool.c');
  await writeFile(source, 'int main(void) { return 0; }\n');
  const program = await hostCProgram(source, { cache });
  await writeFile(program, 'the same');
  const longAgo = new Date(Date.now() - 31 * 24 * 3_600_000);
  await utimes(program, longAgo, longAgo);
  expect(await hostCProgram(source, { cache })).toBe(program);
  const { mtimeMs, size } = await stat(program);
  expect(size).toBe('the same'.length);
  expect(Date.now() - mtimeMs).toBeLessThan(60_000);
});
