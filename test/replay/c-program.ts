/** C programs of this repository, built with the host's compiler for tests of them alone. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../harness/paths.ts';

/** Why nothing can be built here; `undefined` where it can. */
export const noCompiler =
  spawnSync('cc', ['--version']).status === 0 ? undefined : 'this host has no cc';

/**
 * Build a program, with every warning an error; it is gone when the test is over.
 *
 * @param sources relative to the repository.
 * @returns its path.
 */
export function cProgram(sources: readonly string[], flags: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'migbench-c-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'program');
  execFileSync(
    'cc',
    [
      '-std=gnu17',
      '-O1',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-pthread',
      ...flags,
      '-o',
      program,
    ].concat(
      sources.map((source) => join(packageRoot, source)),
      '-lm',
    ),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return program;
}
