/** A process that lives for a while: started, watched, and given back. */
import type { Readable, Writable } from 'node:stream';
import { execa } from 'execa';
import { deadline } from '../deadline.ts';
import { messageOf } from '../errors.ts';
import { SYSTEM_PATH, type Program } from './process.ts';

export interface Exit {
  /** Absent where a signal ended the process or it could not be started. */
  readonly exitCode?: number;
  readonly signal?: string;
  /** Why the process could not be started at all. */
  readonly spawnError?: string;
}

export interface StartOptions {
  /** File that standard output is appended to; discarded where absent. */
  readonly stdoutPath?: string;
  /** File that standard error is appended to; discarded where absent. */
  readonly stderrPath?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Give standard input and output to the caller (`stdin`, `stdout`); `stdoutPath` is not used then. */
  readonly pipes?: boolean;
}

/** One running process. Disposing of it kills it and waits for its end. */
export class RunningProcess implements AsyncDisposable {
  /** `undefined` where the program could not be started; `exited` then says why. */
  readonly pid: number | undefined;
  /** Settles when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** Only where it was started with `pipes`. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  #exit: Exit | undefined;
  readonly #kill: (signal: NodeJS.Signals) => void;

  private constructor(
    pid: number | undefined,
    exited: Promise<Exit>,
    kill: (signal: NodeJS.Signals) => void,
    pipes: { readonly stdin: Writable; readonly stdout: Readable } | undefined,
  ) {
    this.pid = pid;
    this.stdin = pipes?.stdin;
    this.stdout = pipes?.stdout;
    this.#kill = kill;
    this.exited = exited.then((exit) => {
      this.#exit = exit;
      return exit;
    });
  }

  /** How the process ended; `undefined` while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  static start(program: Program, args: readonly string[], options: StartOptions = {}) {
    const output = (path: string | undefined) =>
      path === undefined ? ('ignore' as const) : { file: path, append: true };
    const subprocess = execa(program.file, [...program.args, ...args], {
      env: { PATH: SYSTEM_PATH, LC_ALL: 'C.UTF-8', ...program.env, ...options.env },
      stdin: options.pipes === true ? 'pipe' : 'ignore',
      stdout: options.pipes === true ? 'pipe' : output(options.stdoutPath),
      stderr: output(options.stderrPath),
      buffer: false,
      // Ctrl-C is for the program to act upon: a terminal must not send it to a QEMU as well.
      detached: true,
      reject: false,
      cleanup: true,
    });
    const exited = (async (): Promise<Exit> => {
      try {
        const result = await subprocess;
        return {
          ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
          ...(result.signal === undefined ? {} : { signal: result.signal }),
          ...(subprocess.pid === undefined
            ? { spawnError: `${program.file}: ${result.message ?? 'could not be started'}` }
            : {}),
        };
      } catch (error) {
        return { spawnError: messageOf(error) };
      }
    })();
    const { stdin, stdout } = subprocess;
    return new RunningProcess(
      subprocess.pid,
      exited,
      (signal) => subprocess.kill(signal),
      options.pipes === true && stdin !== null && stdout !== null ? { stdin, stdout } : undefined,
    );
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.#exit === undefined) this.#kill(signal);
  }

  /** Wait for the end of the process, at most `timeoutMs`; `undefined` where it still runs then. */
  async waitForExit(timeoutMs: number): Promise<Exit | undefined> {
    return deadline(this.exited, timeoutMs, () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.exited;
  }
}

/** In words: "ended with exit code 1", "was killed by SIGKILL". */
export function describeExit(exit: Exit): string {
  if (exit.spawnError !== undefined) return `could not be started: ${exit.spawnError}`;
  if (exit.signal !== undefined) return `was killed by ${exit.signal}`;
  return `ended with exit code ${exit.exitCode ?? 'unknown'}`;
}
