/** Keeping a program to some of the host's processors. */
import type { Program } from './process.ts';

/** @param processors the kernel's numbers, as `0,2-3`. */
export function pinned(program: Program, processors: string | undefined): Program {
  if (processors === undefined) return program;
  return {
    ...program,
    file: 'taskset',
    args: ['--cpu-list', processors, program.file, ...program.args],
  };
}

/** Highest processor that a list names. */
export function highestProcessor(processors: string): number {
  return Math.max(...processors.split(/[,-]/u).map(Number));
}
