/** The built program as a user starts it, with an empty cache of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { packageRoot } from '../../../harness/paths.ts';

const LIMIT_MS = 30_000;

export interface Ended {
  /** `null` where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A working folder that goes away with the scope. */
export class CommandLine implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'migbench-cli-'));

  /** Write a file into the folder; its name is how commands in it refer to it. */
  file(name: string, content: string): string {
    writeFileSync(join(this.folder, name), content);
    return name;
  }

  /** Start `migbench ARGS…` in the folder. */
  start(...args: string[]) {
    const main = join(packageRoot, 'dist', 'harness', 'cli', 'main.js');
    return spawn(process.execPath, [main, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: this.folder,
        XDG_CACHE_HOME: join(this.folder, 'cache'),
        SHELL: '/bin/bash',
        NO_COLOR: '1',
      },
    });
  }

  /** Run `migbench ARGS…` in the folder to its end. */
  async migbench(...args: string[]): Promise<Ended> {
    const program = this.start(...args);
    const closed = once(program, 'close');
    const [stdout, stderr] = await Promise.all([text(program.stdout), text(program.stderr)]);
    await closed;
    return { exitCode: program.exitCode, stdout, stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A small plan that is valid. */
export const PLAN = `guest: { memory: 384MiB }
workloads: [idle]
links: [{ bandwidth: 1Gbit/s }]
settings: { precopy: {} }
repetitions: 2
`;
