/** C programs of this repository, built with the host's compiler for tests of them alone. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, onTestFinished } from 'vitest';
import { packageRoot } from '../../harness/paths.ts';

/** Skip every test of this file where nothing can be built, and say why. */
export function needsCompiler(): void {
  const { status } = spawnSync('cc', ['--version']);
  beforeEach((context) => {
    if (status === 0) return;
    process.stderr.write('skipped: this host has no cc\n');
    context.skip('this host has no cc');
  });
}

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
