/** How memory-stress lays out what its threads count in. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { cProgram, needsCompiler } from '../c-program.ts';

needsCompiler();

it('no two threads write into one pair of cache lines', () => {
  const sources = ['page.c', 'pattern.c'].map((name) => `workloads/memory-stress/${name}`);
  const program = cProgram(['test/replay/workloads/memory-stress-writers.c', ...sources]);
  const [apart = NaN, off] = execFileSync(program, { encoding: 'utf8' }).split(' ').map(Number);
  expect(apart % 128).toBe(0);
  expect(off).toBe(0);
});
