/**
 * The outer side of the sandbox: finds out which kind this host and user can have, and starts the measuring process
 * inside it. When this process dies, however it dies, the kernel ends everything inside.
 */
import { existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { EXIT_CODES, MigbenchError, messageOf } from '../errors.ts';
import { killedError, outOfMemoryKills } from './killed.ts';
import { hostProgram, run, SYSTEM_PATH, type Program } from './process.ts';
import { tapRefusal } from './taps.ts';

/** Deadline of one probe of the host, ms. */
const PROBE_TIMEOUT_MS = 10_000;

/** What kind of sandbox this host and user can have, and what was lost with a lesser one. */
export interface SandboxKind {
  readonly mode: 'namespaces' | 'loopback';
  readonly guestNetwork: 'tap' | 'user';
  /** Starts a program inside: its arguments follow. */
  readonly entrance: Program;
  /** What is not possible here and how to allow it; empty where nothing was lost. */
  readonly notes: readonly string[];
}

const namespaceArguments = (asUser: boolean): string[] => [
  ...['--pdeathsig', 'KILL', 'unshare'],
  ...(asUser ? ['--user', '--map-root-user'] : []),
  ...['--mount', '--net', '--pid', '--fork', '--kill-child=KILL'],
];

/** Succeeds where all that the sandbox does at its start is allowed. */
const PROBE_SCRIPT = 'mount -t tmpfs probe /mnt && mount -t proc proc /proc && kill -0 1';

/**
 * Find the best sandbox this host allows.
 *
 * Root does not add a user namespace: inside one, post-copy is refused by QEMU builds that use the userfaultfd
 * system call.
 */
export async function findSandboxKind(signal: AbortSignal): Promise<SandboxKind> {
  const root = process.getuid?.() === 0;
  const refusals: string[] = [];
  for (const asUser of root ? [false, true] : [true]) {
    const entrance = hostProgram('setpriv', namespaceArguments(asUser));
    try {
      await run(entrance, ['sh', '-c', PROBE_SCRIPT], {
        timeoutMs: PROBE_TIMEOUT_MS,
        signal,
        errorCode: 'host-unfit',
      });
      return describeNamespaces(entrance);
    } catch (error) {
      if (signal.aborted) throw error;
      refusals.push(messageOf(error).split('\n').slice(-1)[0] ?? '');
    }
  }
  return {
    mode: 'loopback',
    guestNetwork: 'user',
    entrance: hostProgram('setpriv', ['--pdeathsig', 'KILL']),
    notes: [
      `Namespaces are refused here (${refusals.join('; ')}): no shaped link and no service network; a link's ` +
        'bandwidth becomes a max-bandwidth. To allow them: sysctl kernel.unprivileged_userns_clone=1 and ' +
        'user.max_user_namespaces=10000 (on Ubuntu also kernel.apparmor_restrict_unprivileged_userns=0), or run as root.',
    ],
  };
}

function describeNamespaces(entrance: Program): SandboxKind {
  const refusal = tapRefusal();
  if (refusal === undefined)
    return { mode: 'namespaces', guestNetwork: 'tap', entrance, notes: [] };
  return {
    mode: 'namespaces',
    guestNetwork: 'user',
    entrance,
    notes: [
      `No taps: ${refusal.found}. Guests use the user-mode network instead of the service bridge. ${refusal.remedy}`,
    ],
  };
}

/** Folders that exist everywhere and rarely hold anything a run needs. */
const mountPoints = ['/run', '/mnt', '/media', '/srv', '/opt'];

/**
 * Where the sandbox puts its scratch file system: a folder none of `inUse` lies below, so that nothing needed is
 * hidden. In loopback mode, a new temporary folder with a short path.
 *
 * @throws MigbenchError `host-unfit` where every candidate is in use.
 */
export function chooseScratch(mode: SandboxKind['mode'], inUse: readonly string[]): string {
  if (mode === 'loopback') return mkdtempSync(join(tmpdir(), 'migbench-'));
  const real = inUse.filter((path) => existsSync(path)).map((path) => realpathSync(path));
  const free = mountPoints.find(
    (point) => existsSync(point) && real.every((path) => relative(point, path).startsWith('..')),
  );
  if (free === undefined) {
    throw new MigbenchError(
      'host-unfit',
      `Expected one of ${mountPoints.join(', ')} to be free for the sandbox's own files, but the output folder, ` +
        'the cache and the working folder lie below all of them. Choose another --out.',
    );
  }
  return free;
}

/**
 * Exit code of the measuring process in place of `internal`: that one is also how unshare ends where what it started
 * was killed.
 */
export const DEFECT_INSIDE = 70;

/** What a shell ends with where it cannot start a program. */
const NOT_STARTED: readonly number[] = [126, 127];

/**
 * The same program, deaf to the loss of a terminal, which is told to all of its processes: unshare dies of it where it
 * does not ignore it, and what it started with it. The measuring process hears it all the same.
 */
export function ignoringHangUp({ file, args, ...rest }: Program): Program {
  return { ...rest, file: 'sh', args: ['-c', 'trap "" HUP && exec "$@"', 'sh', file, ...args] };
}

export interface InsideOptions {
  /** Compiled entry file of the measuring process. */
  readonly entry: string;
  /** Sent as the first line of its standard input. */
  readonly job: unknown;
  /** Abort asks the measuring process to stop in good order; it then ends by itself. */
  readonly signal: AbortSignal;
}

/**
 * Start the measuring process in the sandbox and give its exit code.
 *
 * @throws MigbenchError `host-unfit` where it was killed.
 */
export async function runInside(kind: SandboxKind, options: InsideOptions): Promise<number> {
  const killsBefore = outOfMemoryKills();
  const entrance = ignoringHangUp(kind.entrance);
  const subprocess = execa(
    entrance.file,
    [...entrance.args, process.execPath, '--enable-source-maps', options.entry],
    {
      env: { PATH: SYSTEM_PATH },
      stdin: 'pipe',
      stdout: 'inherit',
      stderr: 'inherit',
      reject: false,
      cleanup: true,
    },
  );
  // The measuring process may be gone already when it is told to stop.
  subprocess.stdin.on('error', () => undefined);
  subprocess.stdin.write(`${JSON.stringify(options.job)}\n`);
  const interrupt = () => subprocess.stdin.write('interrupt\n');
  options.signal.addEventListener('abort', interrupt, { once: true });
  if (options.signal.aborted) interrupt();
  try {
    const result = await subprocess;
    const { exitCode } = result;
    if (exitCode === DEFECT_INSIDE) return EXIT_CODES.internal;
    if (exitCode !== undefined && NOT_STARTED.includes(exitCode)) {
      throw new MigbenchError(
        'host-unfit',
        `The measuring process could not be started: ${kind.entrance.file} is not installed, or may not be executed.`,
      );
    }
    if (exitCode === undefined || exitCode === EXIT_CODES.internal || exitCode > 130) {
      // A terminal that is lost before anybody inside listens: what was to end has ended.
      if (options.signal.aborted) return EXIT_CODES.interrupted;
      // unshare ends with 1 where what it started was killed: by SIGKILL, since other signals are handled inside.
      const how = result.signal ?? 'SIGKILL';
      throw killedError({ how, before: killsBefore, after: outOfMemoryKills() });
    }
    return exitCode;
  } finally {
    options.signal.removeEventListener('abort', interrupt);
  }
}
