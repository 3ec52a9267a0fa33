/**
 * A QEMU made of a recording: plays a transcript over a real Unix socket.
 *
 * It sends what QEMU sent, and at each point where the recording has a command it waits for that command. Ids are not
 * compared but carried over, so that answers go to the command they belong to. Anything else that the client sends is
 * a failure, which `finished` rejects with: await it at the end of every test.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createFramer, type JsonObject } from '../../harness/qmp/framing.ts';

/** One step, seen from the client as in a transcript; or raw bytes to send, or the end of the connection. */
export type ReplayStep =
  | { readonly direction: 'send' | 'receive'; readonly message: JsonObject }
  | { readonly bytes: Uint8Array }
  | { readonly hangUp: true };

export interface ReplayOptions {
  /** Cuts what is sent into chunks, each written by itself; by default one chunk per message. */
  readonly cut?: (bytes: Buffer) => readonly Buffer[];
}

/** A recorded transcript as steps. */
export async function readTranscript(url: URL): Promise<ReplayStep[]> {
  const lines = (await readFile(url, 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as ReplayStep);
}

/** The greeting and the negotiation that every connection begins with, as QEMU 10.0 gives them. */
export const NEGOTIATION: readonly ReplayStep[] = [
  {
    direction: 'receive',
    message: {
      QMP: {
        version: { qemu: { micro: 13, minor: 0, major: 10 }, package: 'Debian 1:10.0.13' },
        capabilities: ['oob'],
      },
    },
  },
  { direction: 'send', message: { execute: 'qmp_capabilities', id: 1 } },
  { direction: 'receive', message: { return: {}, id: 1 } },
];

/** Serves one connection, once. */
export class ReplayServer implements AsyncDisposable {
  readonly path: string;
  /** Fulfilled once every step was played; rejects with the first thing that was not in the recording. */
  readonly finished: Promise<void>;
  readonly #server: Server;
  readonly #folder: string;
  readonly #steps: ReplayStep[];
  readonly #cut: (bytes: Buffer) => readonly Buffer[];
  readonly #ids = new Map<unknown, unknown>();
  readonly #inbox: JsonObject[] = [];
  #socket: Socket | undefined;
  #playing = false;
  #done: () => void = () => {};
  #fail: (error: Error) => void = () => {};

  private constructor(folder: string, steps: readonly ReplayStep[], options: ReplayOptions) {
    this.#folder = folder;
    this.path = join(folder, 'qmp');
    this.#steps = [...steps];
    this.#cut = options.cut ?? ((bytes) => [bytes]);
    this.finished = new Promise((resolve, reject) => {
      this.#done = resolve;
      this.#fail = reject;
    });
    this.finished.catch(() => {});
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(
    steps: readonly ReplayStep[],
    options: ReplayOptions = {},
  ): Promise<ReplayServer> {
    const server = new ReplayServer(await mkdtemp(join(tmpdir(), 'replay-')), steps, options);
    await new Promise<void>((resolve) => server.#server.listen(server.path, resolve));
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #serve(socket: Socket): void {
    this.#socket = socket;
    const framer = createFramer({
      onMessage: (message) => {
        this.#inbox.push(message);
        void this.#play();
      },
    });
    socket.on('data', (chunk) => framer.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#fail(new Error(`${this.#steps.length} steps were not reached`)));
    void this.#play();
  }

  async #play(): Promise<void> {
    if (this.#playing) return;
    this.#playing = true;
    for (;;) {
      const [step] = this.#steps;
      if (step === undefined) break;
      if ('direction' in step && step.direction === 'send') {
        const command = this.#inbox.shift();
        if (command === undefined) break;
        if (!this.#accept(step.message, command)) return;
      } else await this.#emit(step);
      this.#steps.shift();
    }
    this.#playing = false;
    if (this.#steps.length > 0) return;
    const [surplus] = this.#inbox;
    if (surplus === undefined) this.#done();
    else this.#refuse('the end', surplus);
  }

  #accept(expected: JsonObject, found: JsonObject): boolean {
    const { id: recordedId, ...recorded } = expected;
    const { id: actualId, ...actual } = found;
    if (!isDeepStrictEqual(actual, recorded)) return this.#refuse(JSON.stringify(recorded), found);
    this.#ids.set(recordedId, actualId);
    return true;
  }

  #refuse(expected: string, found: JsonObject): false {
    this.#fail(new Error(`Expected ${expected}, found ${JSON.stringify(found)}`));
    this.#socket?.destroy();
    return false;
  }

  async #emit(step: ReplayStep): Promise<void> {
    if ('hangUp' in step) {
      this.#socket?.end();
      return;
    }
    const bytes = 'bytes' in step ? Buffer.from(step.bytes) : this.#encode(step.message);
    for (const chunk of this.#cut(bytes)) {
      await new Promise<void>((resolve) => this.#socket?.write(chunk, () => resolve()));
    }
  }

  /** QEMU ends a message with CRLF. */
  #encode(message: JsonObject): Buffer {
    const { id } = message;
    const mapped = this.#ids.has(id) ? { ...message, id: this.#ids.get(id) } : message;
    return Buffer.from(`${JSON.stringify(mapped)}\r\n`);
  }
}
