/** One running QEMU with its QMP connection: started, spoken to, and given back. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { MigbenchError, messageOf } from '../errors.ts';
import { QmpClient, type Transcript } from '../qmp/index.ts';
import type { Host } from '../sandbox/host.ts';
import type { Program } from '../sandbox/process.ts';
import { describeExit, type RunningProcess } from '../sandbox/running.ts';

/** How long a QEMU may take from its start to its QMP greeting, ms. */
const START_TIMEOUT_MS = 20_000;
/** Deadline of a QMP command where the caller names none, ms. */
const COMMAND_TIMEOUT_MS = 10_000;
/** How long a QEMU may take to leave after `quit`, ms; then it is killed. */
const QUIT_TIMEOUT_MS = 2_000;
/** How much of QEMU's own words goes into a message, characters. */
const WORDS_LIMIT = 600;
/** How long the end of a QEMU may be behind the end of its connection, ms. */
const END_DELAY_MS = 1_000;

export interface MachineOptions {
  readonly host: Host;
  readonly program: Program;
  /** Arguments that name `qmpPath` as the QMP socket. */
  readonly args: readonly string[];
  readonly qmpPath: string;
  /** "source", "destination": used in messages. */
  readonly label: string;
  readonly stderrPath: string;
  readonly signal: AbortSignal;
  /** Where to keep the whole conversation; none is kept where absent. */
  readonly transcript?: Transcript;
  /** Enable out-of-band commands where QEMU offers them; false where absent. */
  readonly oob?: boolean;
}

/** A QEMU that was started and not spoken to yet. */
export interface LaunchedMachine {
  readonly label: string;
  readonly process: RunningProcess;
  connect(): Promise<Machine>;
}

export class Machine implements AsyncDisposable {
  readonly label: string;
  readonly process: RunningProcess;
  readonly qmp: QmpClient;
  readonly #stderrPath: string;

  private constructor(options: MachineOptions, process: RunningProcess, qmp: QmpClient) {
    this.label = options.label;
    this.#stderrPath = options.stderrPath;
    this.process = process;
    this.qmp = qmp;
  }

  /**
   * Start a QEMU and connect to it.
   *
   * @throws MigbenchError `host-unfit` with QEMU's own words where it ends before its greeting; `qmp-timeout` where
   *   it stays silent.
   */
  static start(options: MachineOptions): Promise<Machine> {
    return Machine.launch(options).connect();
  }

  /** Start a QEMU that will speak QMP only later; `connect` is then to be called once, and throws as `start` does. */
  static launch(options: MachineOptions): LaunchedMachine {
    // The words of an earlier QEMU of this name are not this one's.
    for (const path of [options.qmpPath, options.stderrPath]) rmSync(path, { force: true });
    const process = options.host.start(options.program, options.args, {
      stderrPath: options.stderrPath,
      stdoutPath: options.stderrPath,
    });
    return { label: options.label, process, connect: () => Machine.#connect(options, process) };
  }

  static async #connect(options: MachineOptions, process: RunningProcess): Promise<Machine> {
    const ended = new AbortController();
    void process.exited.then((exit) =>
      ended.abort(
        new MigbenchError(
          'host-unfit',
          `The ${options.label} QEMU ${describeExit(exit)} at its start.${ownWords(options.stderrPath)}`,
        ),
      ),
    );
    try {
      const qmp = await QmpClient.connect({
        path: options.qmpPath,
        label: options.label,
        connectTimeoutMs: START_TIMEOUT_MS,
        commandTimeoutMs: COMMAND_TIMEOUT_MS,
        signal: AbortSignal.any([options.signal, ended.signal]),
        ...(options.transcript === undefined ? {} : { transcript: options.transcript }),
        ...(options.oob === undefined ? {} : { oob: options.oob }),
      });
      return new Machine(options, process, qmp);
    } catch (error) {
      // A QEMU that aborts closes its socket first; how it ended, and its last words, say more than that.
      if (!options.signal.aborted) await process.waitForExit(END_DELAY_MS);
      const early: unknown = process.exit === undefined ? undefined : ended.signal.reason;
      await process[Symbol.asyncDispose]();
      if (early instanceof MigbenchError) throw early;
      if (!(error instanceof MigbenchError) || error.code !== 'qmp-timeout') throw error;
      throw new MigbenchError(
        'qmp-timeout',
        `The ${options.label} QEMU was started and did not speak QMP within ${START_TIMEOUT_MS / 1000} s: ` +
          `${messageOf(error)}${ownWords(options.stderrPath)}`,
        { cause: error },
      );
    }
  }

  /** What QEMU wrote to its standard error, shortened; empty where it wrote nothing. */
  get ownWords(): string {
    return ownWords(this.#stderrPath);
  }

  /** Ask QEMU to leave; kill it where it does not. */
  async quit(): Promise<void> {
    if (this.process.exit === undefined) {
      // A QEMU that is gone or silent is killed below; its own reason is in the transcript.
      await this.qmp.execute('quit', undefined, { timeoutMs: QUIT_TIMEOUT_MS }).catch(messageOf);
      await this.process.waitForExit(QUIT_TIMEOUT_MS);
    }
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    await this.qmp[Symbol.asyncDispose]();
  }
}

function ownWords(path: string): string {
  if (!existsSync(path)) return '';
  const words = readFileSync(path, 'utf8').trim();
  return words === '' ? '' : `\nQEMU says: ${words.slice(-WORDS_LIMIT)}`;
}
