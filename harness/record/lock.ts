/**
 * One writer per run directory, by a Unix socket that the writer listens on in that directory.
 *
 * Whoever can still be connected to is alive; a socket whose process died (SIGKILL included) refuses. Unlike a file
 * with a process id in it, this holds across PID and network namespaces and cannot be fooled by a reused id.
 *
 * Each writer binds a name of its own, and only then looks for others: of two that start together at least one sees
 * the other, so there are never two. A socket gets its final name when it already listens; so one that refuses under
 * that name is dead for good, and removing it is safe. (On a network file system, writers on different hosts do not
 * see each other.)
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { MigbenchError, systemErrorCode } from '../errors.ts';

const LOCK_NAME = /^\.writer-[0-9a-f]{16}\.sock$/;
const CONNECT_TIMEOUT_MS = 2_000;

/** The right to write to a run directory; given up when disposed, or when the process ends. */
export class RunLock implements AsyncDisposable {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** @throws MigbenchError `record` where another writer is alive. */
  static async acquire(directory: string): Promise<RunLock> {
    // A socket's path may have 107 bytes at most; a run directory's own path may be longer than that.
    await using folder = await openFolder(directory);
    const short = `/proc/self/fd/${folder.handle.fd}`;
    const name = randomBytes(8).toString('hex');
    const path = join(directory, `.writer-${name}.sock`);
    const server = await listen(`${short}/.binding-${name}`).catch((error: unknown) => {
      throw new MigbenchError(
        'record',
        `Could not lock the run directory ${directory} (${systemErrorCode(error) ?? String(error)}). ` +
          'Its file system must allow Unix sockets; choose another folder with --out.',
        { cause: error },
      );
    });
    const lock = new RunLock(server, path);
    try {
      await rename(join(directory, `.binding-${name}`), path);
      for (const other of await readdir(directory)) {
        if (!LOCK_NAME.test(other) || join(directory, other) === path) continue;
        if (await isListening(`${short}/${other}`)) {
          throw new MigbenchError(
            'record',
            `Another migbench is writing to ${directory}. Wait for it to end, or choose another folder with --out.`,
          );
        }
        await rm(join(directory, other), { force: true });
      }
      return lock;
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => undefined);
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }
}

async function openFolder(
  directory: string,
): Promise<AsyncDisposable & { readonly handle: FileHandle }> {
  const handle = await open(directory, 'r');
  return { handle, [Symbol.asyncDispose]: () => handle.close() };
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      // The lock must not keep a finished program alive.
      server.unref();
      resolve(server);
    });
  });
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    // A live writer that is too busy to answer is still a writer; so is one of another user.
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => answer(true));
    socket.once('connect', () => answer(true));
    socket.once('error', (error) => {
      answer(!['ECONNREFUSED', 'ENOENT'].includes(systemErrorCode(error) ?? ''));
    });
  });
}
