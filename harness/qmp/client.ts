/**
 * The QMP client: one connection to one QEMU's monitor.
 *
 * Commands may overlap; answers are matched by id. Events are kept from the first to the last. Nothing is written to
 * disk and nothing is logged: a transcript is kept in memory where the caller gives one.
 */
import type { Socket } from 'node:net';
import { MigbenchError } from '../errors.ts';
import type { Closed, ExecuteOptions, QmpConnectOptions } from './client-options.ts';
import { connectSocket } from './connect-socket.ts';
import { connectionClosed, greetingTimeout, protocolError } from './errors.ts';
import { EventLog, type EventListener, type WaitForEventOptions } from './event-log.ts';
import { isObject, parseEvent, type QmpEvent } from './events.ts';
import { createFramer, type Framer, type JsonObject } from './framing.ts';
import type { CommandArguments, CommandName, CommandResult, VersionInfo } from './messages.ts';
import { PendingCommands } from './pending.ts';
import type { Transcript } from './transcript.ts';

/** The greeting is waited for as if it were the answer to a command. */
const GREETING_ID = 0;

/** Arguments may be left out only where the command takes none. */
type ExecuteRest<Name extends CommandName> =
  undefined extends CommandArguments<Name>
    ? [args?: CommandArguments<Name>, options?: ExecuteOptions]
    : [args: CommandArguments<Name>, options?: ExecuteOptions];

/** One connection. Give it back with `await using`, or `close()`. */
export class QmpClient implements AsyncDisposable {
  readonly label: string;
  /** Fulfilled, never rejected, once the connection has ended. */
  readonly closed: Promise<Closed>;
  readonly #socket: Socket;
  readonly #framer: Framer;
  readonly #events: EventLog;
  readonly #pending: PendingCommands;
  readonly #transcript: Transcript | undefined;
  readonly #commandTimeoutMs: number;
  readonly #socketGone: Promise<void>;
  #version: VersionInfo | undefined;
  #oob = false;
  #resolveClosed: (closed: Closed) => void = () => {};
  #end: Closed | undefined;
  #lastId = 0;
  #arrivedAtMs = 0;

  private constructor(socket: Socket, options: QmpConnectOptions) {
    this.label = options.label;
    this.#socket = socket;
    this.#commandTimeoutMs = options.commandTimeoutMs;
    this.#transcript = options.transcript;
    this.#events = new EventLog(options.label);
    this.#pending = new PendingCommands(options.label);
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#framer = createFramer({
      onMessage: (message, text) => this.#receive(message, text),
      ...(options.maxMessageBytes === undefined
        ? {}
        : { maxMessageBytes: options.maxMessageBytes }),
    });
    this.#socketGone = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('end', () => this.#finish(this.#endReason()));
    socket.on('error', (error) => this.#finish(error.message));
    socket.on('close', () => this.#finish(this.#endReason()));
  }

  /**
   * Connect, wait for the greeting, negotiate.
   *
   * @throws MigbenchError `qmp-timeout`, `qmp-closed`, `qmp-protocol`, `host-unfit`; `interrupted`, or the signal's
   *   own reason, on abort.
   */
  static async connect(options: QmpConnectOptions): Promise<QmpClient> {
    const { path, label, connectTimeoutMs, signal, retryUntilListening = true } = options;
    const deadlineAtMs = performance.now() + connectTimeoutMs;
    const socket = await connectSocket({ path, label, deadlineAtMs, retryUntilListening, signal });
    const client = new QmpClient(socket, options);
    try {
      await client.#negotiate(options, deadlineAtMs);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** QEMU's version, from its greeting. */
  get version(): VersionInfo {
    if (this.#version === undefined) throw new MigbenchError('internal', 'QMP is not negotiated.');
    return this.#version;
  }

  /** Deadline of a command that is given none of its own, ms. */
  get commandTimeoutMs(): number {
    return this.#commandTimeoutMs;
  }

  /** Whether out-of-band commands are enabled. */
  get oobEnabled(): boolean {
    return this.#oob;
  }

  /** All events since connecting, oldest first. Its length is the `since` of a later `waitForEvent`. */
  get events(): readonly QmpEvent[] {
    return this.#events.events;
  }

  /** What listeners have thrown; they break nothing, but it should not pass unseen. */
  get listenerErrors(): readonly unknown[] {
    return this.#events.listenerErrors;
  }

  /** Call `listener` for every event from now on, as it arrives; gives the function that ends this. */
  onEvent(listener: EventListener): () => void {
    return this.#events.onEvent(listener);
  }

  /**
   * The first event that `predicate` accepts: from index `since` where given, else from now on.
   *
   * Take `since = client.events.length` before the command that causes the event, and none can be missed.
   *
   * @throws MigbenchError `qmp-timeout`, `qmp-closed`; `interrupted`, or the signal's own reason, on abort.
   */
  waitForEvent<Event extends QmpEvent>(
    predicate: (event: QmpEvent) => event is Event,
    options: WaitForEventOptions,
  ): Promise<Event>;
  waitForEvent(
    predicate: (event: QmpEvent) => boolean,
    options: WaitForEventOptions,
  ): Promise<QmpEvent>;
  waitForEvent(
    predicate: (event: QmpEvent) => boolean,
    options: WaitForEventOptions,
  ): Promise<QmpEvent> {
    return this.#events.waitForEvent(predicate, options);
  }

  /**
   * Carry out a command that messages.ts knows.
   *
   * @throws QmpCommandError where QEMU refuses it; MigbenchError `qmp-timeout`, `qmp-closed`, `qmp-protocol`;
   *   `interrupted`, or the signal's own reason, on abort.
   */
  async execute<Name extends CommandName>(
    name: Name,
    ...[args, options]: ExecuteRest<Name>
  ): Promise<CommandResult<Name>> {
    // QEMU's answer is believed: checking each would cost most where it is polled.
    return (await this.#command(name, args, options)) as CommandResult<Name>;
  }

  /** Carry out any command. Throws as `execute` does. */
  executeUntyped(
    name: string,
    args?: Readonly<Record<string, unknown>>,
    options?: ExecuteOptions,
  ): Promise<unknown> {
    return this.#command(name, args, options);
  }

  /** End the connection; QEMU goes on. Waits that are open reject with `qmp-closed`. */
  async close(): Promise<void> {
    this.#finish('it was closed by migbench');
    await this.#socketGone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #command(
    name: string,
    args: object | undefined,
    options: ExecuteOptions = {},
  ): Promise<unknown> {
    if (this.#end !== undefined) throw this.#closedBefore(`${name} could be sent`);
    if (options.oob === true && !this.#oob) {
      throw new MigbenchError(
        'internal',
        `${this.label}: ${name} was to be sent out of band, which is not enabled on this connection.`,
      );
    }
    const id = (this.#lastId += 1);
    const { timeoutMs = this.#commandTimeoutMs, signal } = options;
    return this.#pending.wait(id, name, { timeoutMs, signal }, () =>
      this.#send({ [options.oob === true ? 'exec-oob' : 'execute']: name, arguments: args, id }),
    );
  }

  async #negotiate(options: QmpConnectOptions, deadlineAtMs: number): Promise<void> {
    const { signal, label, connectTimeoutMs } = options;
    const leftMs = (): number => Math.max(1, deadlineAtMs - performance.now());
    const greeting = await this.#pending.wait(GREETING_ID, 'the greeting', {
      timeoutMs: leftMs(),
      signal,
      awaited: 'the greeting',
      late: () => greetingTimeout(label, connectTimeoutMs),
    });
    const { version, capabilities } = isObject(greeting) ? greeting : {};
    if (!isObject(version) || !isObject(version['qemu'])) {
      throw protocolError(
        `expected QEMU's version in the greeting, found ${JSON.stringify(greeting).slice(0, 200)}`,
      );
    }
    this.#version = version as unknown as VersionInfo;
    const oob = options.oob === true && Array.isArray(capabilities) && capabilities.includes('oob');
    await this.execute('qmp_capabilities', oob ? { enable: ['oob'] } : undefined, {
      timeoutMs: leftMs(),
      ...(signal === undefined ? {} : { signal }),
    });
    this.#oob = oob;
  }

  #closedBefore(awaited: string): MigbenchError {
    const { reason, error } = this.#end ?? { reason: 'it is closed' };
    return error ?? connectionClosed(this.label, awaited, reason);
  }

  #send(message: JsonObject): void {
    afterReading(() => {
      if (this.#end !== undefined) return;
      const text = JSON.stringify(message);
      this.#transcript?.add('send', performance.now(), text);
      this.#socket.write(`${text}\n`);
    });
  }

  #read(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    this.#arrivedAtMs = performance.now();
    try {
      this.#framer.push(chunk);
    } catch (error) {
      const broken = error instanceof MigbenchError ? error : protocolError(String(error), error);
      this.#transcript?.add('receive', this.#arrivedAtMs, broken.message);
      this.#finish(
        broken.message,
        new MigbenchError('qmp-protocol', `${this.label}: ${broken.message}`, { cause: broken }),
      );
    }
  }

  #receive(message: JsonObject, text: string): void {
    this.#transcript?.add('receive', this.#arrivedAtMs, text);
    if ('event' in message) this.#events.add(parseEvent(message, this.#arrivedAtMs));
    else if ('return' in message || 'error' in message) this.#pending.answer(message);
    else if (this.#version === undefined && 'QMP' in message) {
      this.#pending.answer({ id: GREETING_ID, return: message['QMP'] });
    } else {
      throw protocolError(`expected a greeting, answer or event, found ${text.slice(0, 200)}`);
    }
  }

  #endReason(): string {
    const bytes = this.#framer.pendingBytes();
    return bytes === 0 ? 'QEMU closed it' : `QEMU closed it ${bytes} bytes into a message`;
  }

  #finish(reason: string, error?: MigbenchError): void {
    if (this.#end !== undefined) return;
    this.#end = { reason, ...(error === undefined ? {} : { error }) };
    this.#socket.destroy();
    this.#pending.close(reason, error);
    this.#events.close(reason);
    this.#resolveClosed(this.#end);
  }
}

/**
 * Call `act` once the event loop has read what sockets hold by now (between two immediates it polls): writing to a QEMU
 * that has just ended destroys the socket, and its last events with it, unread. Costs microseconds.
 */
function afterReading(act: () => void): void {
  setImmediate(() => setImmediate(act));
}
