/** The built program as its users start it, and what of it is still there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import type { TrialRecord } from '../../../harness/record/schema.ts';
import { buildImage } from '../../../harness/guest/image.ts';
import { resolveBuild } from '../../../harness/qemu/builds/index.ts';
import { MigbenchError } from '../../../harness/errors.ts';
import { builtInWorkloads } from '../../../workloads/registry.ts';
import { hostProgram, run, type Program } from '../../../harness/sandbox/process.ts';
import { RunningProcess, type Exit } from '../../../harness/sandbox/running.ts';

export const MAIN = join(packageRoot, 'dist', 'harness', 'cli', 'main.js');

/** Longest a whole run may take on a busy host, ms. */
const RUN_TIMEOUT_MS = 240_000;
/** What the kernel of a busy host may take to end all processes of a sandbox, ms. */
const GONE_WITHIN_MS = 20_000;

/** A plan of test/fixtures/plans. */
export function fixturePlan(name: string): string {
  return join(packageRoot, 'test', 'fixtures', 'plans', `${name}.yaml`);
}

/** An empty folder, gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migbench-run-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ended extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  /** Folder for what the program says; by default one of its own. */
  readonly folder?: string;
  /** Starts the program instead of this user's own shell: `unshare …`. */
  readonly through?: Program;
  readonly env?: Readonly<Record<string, string>>;
  /** Longest that the program may take, ms. */
  readonly timeoutMs?: number;
}

let started = 0;

/** One `migbench …`: everything that it starts carries a mark in its environment, by which it is found again. */
export class Cli implements AsyncDisposable {
  readonly mark: string;
  readonly process: RunningProcess;
  readonly #stdoutPath: string;
  readonly #stderrPath: string;

  private constructor(
    mark: string,
    process: RunningProcess,
    output: { readonly stdout: string; readonly stderr: string },
  ) {
    this.mark = mark;
    this.process = process;
    this.#stdoutPath = output.stdout;
    this.#stderrPath = output.stderr;
  }

  static async start(args: readonly string[], options: StartOptions = {}): Promise<Cli> {
    const folder = options.folder ?? (await temporaryFolder());
    started += 1;
    const mark = `${process.pid}-${started}-${Math.random().toString(36).slice(2)}`;
    const output = { stdout: join(folder, `${mark}.out`), stderr: join(folder, `${mark}.err`) };
    const node = hostProgram(process.execPath, [MAIN]);
    const { through } = options;
    const program =
      through === undefined
        ? node
        : { file: through.file, args: [...through.args, node.file, ...node.args] };
    const child = RunningProcess.start(program, args, {
      stdoutPath: output.stdout,
      stderrPath: output.stderr,
      env: { ...options.env, MIGBENCH_TEST_MARK: mark },
    });
    return new Cli(mark, child, output);
  }

  /** What it has said so far on standard error. */
  get stderr(): string {
    return existsSync(this.#stderrPath) ? readFileSync(this.#stderrPath, 'utf8') : '';
  }

  async ended(timeoutMs = RUN_TIMEOUT_MS): Promise<Ended> {
    const exit = await this.process.waitForExit(timeoutMs);
    if (exit === undefined) throw new Error(`It has not ended in time. It said: ${this.stderr}`);
    return { ...exit, stdout: await readFile(this.#stdoutPath, 'utf8'), stderr: this.stderr };
  }

  /** Wait until nothing of this run lives; gives what still does when the kernel has had its time. */
  async leftovers(): Promise<string[]> {
    const end = performance.now() + GONE_WITHIN_MS;
    for (;;) {
      const left = processesOf(this).map(({ pid, words }) => `${pid} ${words.join(' ')}`);
      if (left.length === 0 || performance.now() >= end) return left;
      await sleep(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** Run the program to its end. */
export async function migbench(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended & { readonly leftovers: readonly string[] }> {
  await using cli = await Cli.start(args, options);
  const ended = await cli.ended(options.timeoutMs);
  return { ...ended, leftovers: await cli.leftovers() };
}

interface ProcessFacts {
  readonly pid: number;
  /** The command line. */
  readonly words: readonly string[];
}

/** Processes of this run; the program itself included while it lives. */
function processesOf(cli: Cli): ProcessFacts[] {
  const mark = `MIGBENCH_TEST_MARK=${cli.mark}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((pid) => {
      try {
        const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0');
        return read('environ').includes(mark) ? [{ pid: Number(pid), words: read('cmdline') }] : [];
      } catch {
        // It has ended meanwhile, or belongs to another user.
        return [];
      }
    });
}

/** The QEMU of one side of this run, while it makes a template or runs a trial. */
export function qemuOf(
  cli: Cli,
  side: 'source' | 'destination',
  at: 'templates' | 'trials' = 'trials',
): number | undefined {
  return processesOf(cli).find(
    ({ words }) =>
      words.some((word) => word.startsWith(`migbench-${side},`)) &&
      words.some((word) => word.includes(`/${at}/`)),
  )?.pid;
}

/** The process that receives the guest's heartbeat. */
export function receiverOf(cli: Cli): number | undefined {
  return processesOf(cli).find(({ words }) =>
    words.some((word) => word.includes('/programs/receiver-')),
  )?.pid;
}

/** The processes that read the counters of the migration link, one for each end. */
export function metersOf(cli: Cli): number[] {
  return processesOf(cli)
    .filter(
      ({ words }) =>
        words.some((word) => word.endsWith('/tc')) &&
        words.slice(-3).join(' ').includes('-batch -'),
    )
    .map(({ pid }) => pid);
}

/** The process inside the sandbox that measures, and not what starts it. */
export function measuringProcessOf(cli: Cli): number | undefined {
  return processesOf(cli).find(
    ({ words }) =>
      words[0] === process.execPath && words.some((word) => word.endsWith('/measure.js')),
  )?.pid;
}

/** Wait for something to show up on this host, asked often. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined,
  timeoutMs = 120_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() >= end) throw new Error(`Waited in vain for ${what}.`);
    await sleep(20);
  }
}

/** The records of a run, in the order they were written; none where there is no file yet. */
export function recordsOf(runDirectory: string): TrialRecord[] {
  const path = join(runDirectory, 'trials.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as TrialRecord);
}

/** The lines of a file, without the last, empty one. */
export function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

/** Interfaces and mounts of a sandbox that are visible outside of it: there must be none. */
export function visibleOutside(): string[] {
  const ours = new Set(['svc', 'svc-src', 'svc-dst', 'mig-src', 'mig-dst', 'mig0', 'br0', 'up0']);
  const interfaces = readdirSync('/sys/class/net').filter((name) => ours.has(name));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(' migbench '));
  return [...interfaces, ...mounts];
}

/** Whether a QEMU has a connection at the migration port (4444), as its own network namespace sees it. */
export function isReceiving(pid: number): boolean {
  try {
    const established = /^\s*\d+: [0-9A-F]+:115C [0-9A-F]+:[0-9A-F]+ 01 /mu;
    return established.test(readFileSync(`/proc/${pid}/net/tcp`, 'utf8'));
  } catch {
    return false;
  }
}

/** Print why a test is skipped, for those who read the output. */
export function skipBecause(context: { skip: (note?: string) => never }, reason: string): never {
  process.stderr.write(`skipped: ${reason}\n`);
  return context.skip(reason);
}

let provisioned: Promise<string | undefined> | undefined;

/**
 * Why no guest can be had on this machine; `undefined` where one can. What was missing in the cache is then there, so
 * that no test waits for it.
 */
export function whyNoGuests(): Promise<string | undefined> {
  provisioned ??= Promise.all([
    buildImage({ workloads: builtInWorkloads }),
    resolveBuild('system'),
  ]).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof MigbenchError && error.code === 'host-unfit') return error.message;
      throw error;
    },
  );
  return provisioned;
}

/** `unshare …`, with a mount namespace in which this user may mount; `undefined` where the host forbids it. */
export async function mountNamespace(): Promise<Program | undefined> {
  for (const more of [[], ['--user', '--map-root-user']]) {
    const program = hostProgram('unshare', [...more, '--mount']);
    const allowed = await run(program, ['mount', '-t', 'tmpfs', 'probe', '/mnt'], {
      timeoutMs: 10_000,
    }).then(
      () => true,
      () => false,
    );
    if (allowed) return program;
  }
  return undefined;
}
