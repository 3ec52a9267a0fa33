/** The only place that starts processes. A program either runs to its end (`run`) or lives for a while (`start`). */
import { execa, ExecaError, type Options } from 'execa';
import { MigbenchError, type ErrorCode } from '../errors.ts';

/** A command line that can be started: arguments and environment come before those of the caller. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A program of the host, found on the PATH (with the system's own folders, which a user's PATH may lack). */
export function hostProgram(file: string, args: readonly string[] = []): Program {
  return { file, args };
}

/** PATH with the folders that hold ip, tc and mount on Debian, which an ordinary user's may lack. */
export const SYSTEM_PATH = [
  process.env['PATH'] ?? '',
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
  '/bin',
]
  .filter((folder) => folder !== '')
  .join(':');

export interface RunOptions {
  /** Ends the program with SIGKILL; the promise then rejects. */
  readonly signal?: AbortSignal;
  /** Deadline in ms; every run has one. */
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text for standard input; nothing is read from the terminal. */
  readonly input?: string;
  /** The code of the error raised where the program fails. */
  readonly errorCode?: ErrorCode;
  /** What the caller was doing, for the error message: "unpack the package". */
  readonly purpose?: string;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

function optionsFor(program: Program, env: RunOptions['env']): Options {
  return { env: { PATH: SYSTEM_PATH, LC_ALL: 'C.UTF-8', ...program.env, ...env } };
}

/**
 * Run a program to its end.
 *
 * @throws MigbenchError (`errorCode`, by default `internal`) with the program's own last words where it is missing,
 *   exits other than 0, outlives the deadline or is aborted.
 */
export async function run(
  program: Program,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  try {
    const result = await execa(program.file, [...program.args, ...args], {
      ...optionsFor(program, options.env),
      // Ctrl-C is for migbench to act upon, not for each of its tools.
      detached: true,
      stdin: options.input === undefined ? 'ignore' : 'pipe',
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    });
    return { stdout: String(result.stdout ?? ''), stderr: String(result.stderr ?? '') };
  } catch (error) {
    throw processError(error, program, args, options);
  }
}

function processError(
  error: unknown,
  program: Program,
  args: readonly string[],
  options: RunOptions,
): MigbenchError {
  const purpose = options.purpose === undefined ? '' : `Could not ${options.purpose}: `;
  const command = [program.file, ...program.args, ...args].join(' ');
  if (!(error instanceof ExecaError)) {
    return new MigbenchError('internal', `${purpose}${command}: ${String(error)}`, {
      cause: error,
    });
  }
  const words = String(error.stderr ?? '')
    .trim()
    .split('\n')
    .slice(-8)
    .join('\n');
  const what = error.isCanceled
    ? 'was interrupted'
    : error.timedOut
      ? `did not end within ${options.timeoutMs / 1000} s`
      : error.code === 'ENOENT'
        ? 'is not installed'
        : error.exitCode === undefined
          ? `could not be run (${error.shortMessage})`
          : `ended with exit code ${error.exitCode}`;
  return new MigbenchError(
    error.isCanceled ? 'interrupted' : (options.errorCode ?? 'internal'),
    `${purpose}${command} ${what}${words === '' ? '' : `\n${words}`}`,
    { cause: error },
  );
}
