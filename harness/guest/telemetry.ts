/**
 * The host's end of the conversation with a guest agent: a UDP socket that gathers the workload's progress and gives
 * commands. It does not know where the guest runs: the answer goes to where the guest was last heard.
 */
import { randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { MigbenchError, messageOf } from '../errors.ts';
import { parseAgentMessage, type AgentMessage } from './protocol.ts';
import { OpenCommands } from './open-commands.ts';
import type { WaitOptions } from './telemetry-command.ts';
import { judgeGate, type Gate, type GateState } from './telemetry-gate.ts';
import { rateBetween, type Sample } from './telemetry-samples.ts';
import { Watchers } from './watchers.ts';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface TelemetryOptions {
  /** Local address to bind. */
  readonly address: string;
  /** Local UDP port; 0 = any free one. */
  readonly port: number;
  /**
   * Ways to a guest that does not know this collector (user-mode networking with a forwarded port): used as long as
   * the guest is not heard.
   */
  readonly doors?: readonly Endpoint[];
}

/** What the workload's own check of its data said. */
export interface Verdict {
  readonly intact: boolean;
  /** The workload's words: what was checked, or what is wrong. */
  readonly text: string;
}

/** A peer that was silent this long, in ms, may have moved: the doors are knocked at again. */
const SILENCE_MS = 300;

export class Telemetry implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #doors: readonly Endpoint[];
  readonly #listeners = new Set<(sample: Sample) => void>();
  readonly #commands: OpenCommands;
  /** Look again after each datagram of the guest. */
  readonly #watchers = new Watchers();
  #samples: Sample[] = [];
  #session = 0;
  #confirmed = false;
  #peer: Endpoint | undefined;
  #lastHeardMs: number | undefined;
  #bootId: string | undefined;
  #closed = false;

  private constructor(socket: Socket, doors: readonly Endpoint[]) {
    this.#socket = socket;
    this.#doors = doors;
    this.#commands = new OpenCommands((datagram) => this.#send(datagram));
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    // A destination that is gone is not an error: the guest may be anywhere, and silence is judged by deadlines.
    socket.on('error', () => undefined);
  }

  /** @throws MigbenchError `host-unfit` where the address or port cannot be bound. */
  static async open(options: TelemetryOptions): Promise<Telemetry> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
    socket.bind(options.port, options.address);
    try {
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw new MigbenchError(
        'host-unfit',
        `Cannot receive the guest's telemetry at ${options.address}:${options.port}: ${messageOf(error)}. Is another run using it?`,
        { cause: error },
      );
    }
    return new Telemetry(socket, options.doors ?? []);
  }

  /** Where the guest has to send to. */
  get local(): Endpoint {
    const { address, port } = this.#socket.address();
    return { address, port };
  }

  /** Samples of this session in the guest's order; late and doubled ones are dropped. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Nonce of this session, as in the guest's heartbeats; 0 before the first. */
  get session(): number {
    return this.#session;
  }

  /** When this session's guest was last heard, on the clock of `performance.now()`; absent before. */
  get lastHeardMs(): number | undefined {
    return this.#lastHeardMs;
  }

  /** The guest kernel's boot id, once heard. A guest restored from a template has its template's. */
  get bootId(): string | undefined {
    return this.#bootId;
  }

  /** Be told of each new sample; returns what ends that. */
  onSample(listener: (sample: Sample) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Begin with a guest that was just booted or restored: forget all samples, agree on a new nonce, and from then on
   * take only samples that carry it. So what an earlier guest, or this one before it was saved, sent does not count.
   *
   * @throws MigbenchError `guest` where no guest answers in time.
   */
  async beginSession(options: WaitOptions): Promise<void> {
    this.#samples = [];
    this.#session = randomInt(1, 2 ** 32);
    this.#confirmed = false;
    this.#peer = undefined;
    this.#lastHeardMs = undefined;
    this.#bootId = await this.command('session', [String(this.#session)], options);
    this.#confirmed = true;
  }

  /** Wait until any guest is heard: for a boot whose agent talks first. */
  async waitForHello(options: WaitOptions): Promise<void> {
    await this.#until(
      () => (this.#lastHeardMs === undefined ? undefined : true),
      'a guest',
      options,
    );
  }

  /**
   * Wait until the workload program has set itself up.
   *
   * @throws MigbenchError `guest` where it ends or gives up before that, or does not make it in time.
   */
  async waitForReady(options: WaitOptions): Promise<void> {
    const look = (): true | undefined => {
      const last = this.#samples.at(-1);
      if (last?.state === 'failed' || last?.state === 'exited') {
        throw new MigbenchError(
          'guest',
          `The workload program ${last.state} before it was ready: ${last.text}. The guest's console says more.`,
        );
      }
      return last?.state === 'ready' ? true : undefined;
    };
    await this.#until(look, 'the workload program to be ready', options);
  }

  /**
   * Give the guest a command and return the text of its answer. It is sent again until it is answered; the guest
   * does it once.
   *
   * @throws MigbenchError `guest` where the guest refuses (with its reason) or does not answer in time.
   */
  async command(verb: string, args: readonly string[], options: WaitOptions): Promise<string> {
    const describe = [verb, ...args].join(' ');
    return this.#commands.give(verb, args, options, () =>
      this.#silence(`did not answer "${describe}" within ${options.timeoutMs / 1000} s`),
    );
  }

  /** Let the workload check all its data; its load must have been stopped. */
  async verify(options: WaitOptions): Promise<Verdict> {
    const answer = await this.command('verify', [], options);
    const [word, ...rest] = answer.split(' ');
    return { intact: word === 'intact', text: rest.join(' ') };
  }

  /** Run any program of the guest to its end; the output is cut after about 1300 bytes. */
  async run(
    argv: readonly string[],
    options: WaitOptions,
  ): Promise<{ exitCode: number; output: string }> {
    const answer = await this.command('run', argv, options);
    const space = answer.indexOf(' ');
    return { exitCode: Number(answer.slice(0, space)), output: answer.slice(space + 1) };
  }

  /** Units per second over the last `windowMs`; `undefined` where that is not covered by samples. */
  rate(windowMs: number): number | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined) return undefined;
    return rateBetween(this.#samples, last.arrivedMs - windowMs, last.arrivedMs);
  }

  /**
   * Wait for the load gate; with no gate, until the guest is alive. Samples from before this call do not count.
   *
   * @returns `steady`, or why not: `broken` at once where the workload has ended, `waiting` when the gate's time is over.
   * @throws MigbenchError `interrupted`.
   */
  async waitUntilSteady(gate: Gate | undefined, signal?: AbortSignal): Promise<GateState> {
    const sinceMs = performance.now();
    const timeoutMs = gate?.timeoutMs ?? 5_000;
    const judge = (): GateState => judgeGate(this.#samples, gate, performance.now(), sinceMs);
    const look = (): GateState | undefined => {
      const state = judge();
      const over = state.kind === 'waiting' && performance.now() - sinceMs < timeoutMs;
      return over ? undefined : state;
    };
    const wait = { timeoutMs: timeoutMs + 1_000, ...(signal === undefined ? {} : { signal }) };
    return this.#until(look, 'a steady load', wait);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commands.close();
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #send(datagram: string): void {
    if (this.#closed) return;
    const silent =
      this.#lastHeardMs === undefined || performance.now() - this.#lastHeardMs > SILENCE_MS;
    const targets = [
      ...(this.#peer === undefined ? [] : [this.#peer]),
      ...(silent ? this.#doors : []),
    ];
    for (const { port, address } of targets) {
      this.#socket.send(datagram, port, address, () => undefined);
    }
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const message = parseAgentMessage(datagram.toString('utf8'));
    if (message === undefined || this.#isStale(message)) return;
    const arrivedMs = performance.now();
    this.#peer = { address: from.address, port: from.port };
    this.#lastHeardMs = arrivedMs;
    if (message.kind === 'reply') this.#commands.take(message);
    else if (message.kind === 'sample' && message.session === this.#session) {
      const { kind: _kind, session: _session, ...sample } = message;
      this.#takeSample({ arrivedMs, ...sample });
    }
    this.#watchers.look();
  }

  /** Once the session is agreed upon, other guests, and this one in another life, are not listened to. */
  #isStale(message: AgentMessage): boolean {
    if (message.kind === 'reply') return !this.#commands.has(message.id);
    if (!this.#confirmed) return false;
    return message.kind === 'hello' || message.session !== this.#session;
  }

  #takeSample(sample: Sample): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && sample.sequence <= last.sequence) return;
    this.#samples.push(sample);
    for (const listener of this.#listeners) listener(sample);
  }

  #silence(complaint: string): MigbenchError {
    const last = this.#samples.at(-1);
    const heard =
      this.#lastHeardMs === undefined
        ? 'it was never heard'
        : `it was last heard ${((performance.now() - this.#lastHeardMs) / 1000).toFixed(1)} s ago`;
    const said = last === undefined ? '' : `, its workload ${last.state} at ${last.progress}`;
    return new MigbenchError('guest', `The guest ${complaint}: ${heard}${said}. See its console.`);
  }

  #until<T>(look: () => T | undefined, what: string, options: WaitOptions): Promise<T> {
    return this.#watchers.until(look, what, options, () =>
      this.#silence(`made us wait for ${what} for more than ${options.timeoutMs / 1000} s`),
    );
  }
}
