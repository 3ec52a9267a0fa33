/**
 * Does a QEMU lose writes of its guest when it migrates? Without migbench: a guest that keeps books of its writes
 * (guest.c) is migrated to and fro between two QEMUs over a Unix socket, and after each time its memory is read and
 * compared with its books.
 *
 *     node reproduce.mjs [--postcopy MS] SECONDS GUEST QEMU…
 *
 * With --postcopy, post-copy is started so long after the migration. GUEST is the program that guest.c makes; QEMU… a
 * command for qemu-system-x86_64, with what else it needs (`-L DIR`, `-cpu MODEL`). It needs Node, nothing else. Prints one line per lost write and one at the end; ends with 1 where
 * something was lost.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const postcopyAfterMs = process.argv[2] === '--postcopy' ? Number(process.argv[3]) : undefined;
const [seconds, guest, ...qemu] = process.argv.slice(postcopyAfterMs === undefined ? 2 : 4);
const PAGE_COUNT = 16_384;
const PAGE_BYTES = 4096;
const BOOK = 0x0040_0000;
const PAGES = 0x0100_0000;
const BOOK_BYTES = 16 + 4 * PAGE_COUNT;
/** How long the guest runs before each migration and after it, ms. */
const RUN_MS = 300;
const LIMIT_MS = 60_000;
/** Pages of one migration that are printed. */
const SHOWN = 3;

const folder = mkdtempSync(join(tmpdir(), 'lost-writes-'));
let serial = 0;

/** One QEMU and its QMP socket. */
class Qemu {
  #waiting = [];
  #buffer = '';

  async start({ isDestination = false } = {}) {
    serial += 1;
    this.path = join(folder, `qmp-${serial}`);
    const [program, ...args] = qemu;
    this.process = spawn(
      program,
      [
        ...args,
        ...['-machine', 'pc', '-accel', 'tcg', '-m', '128M', '-nodefaults', '-no-user-config'],
        ...['-display', 'none', '-vga', 'none', '-kernel', guest],
        ...['-qmp', `unix:${this.path},server=on,wait=off`],
        ...(isDestination ? ['-incoming', 'defer'] : []),
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    this.socket = await this.#connected();
    this.socket.on('data', (chunk) => {
      this.#buffer += chunk;
      for (;;) {
        const end = this.#buffer.indexOf('\n');
        if (end < 0) return;
        const message = JSON.parse(this.#buffer.slice(0, end));
        this.#buffer = this.#buffer.slice(end + 1);
        if ('return' in message || 'error' in message) this.#waiting.shift()?.(message);
      }
    });
    await this.ask('qmp_capabilities');
    await this.ask('migrate-set-capabilities', {
      capabilities: [{ capability: 'postcopy-ram', state: postcopyAfterMs !== undefined }],
    });
    return this;
  }

  async #connected() {
    for (let attempt = 0; attempt < 200; attempt++) {
      try {
        return await new Promise((resolve, reject) => {
          const socket = connect(this.path, () => resolve(socket)).on('error', reject);
        });
      } catch {
        await sleep(50);
      }
    }
    throw new Error('QEMU did not come up');
  }

  async ask(command, args = {}) {
    const answer = new Promise((resolve) => this.#waiting.push(resolve));
    this.socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    const { return: value, error } = await answer;
    if (error !== undefined) throw new Error(`${command}: ${error.desc}`);
    return value;
  }

  async read(from, bytes) {
    const path = join(folder, 'memory');
    await this.ask('pmemsave', { val: from, size: bytes, filename: path });
    return readFileSync(path);
  }

  async end() {
    this.process.kill('SIGKILL');
    await new Promise((resolve) => this.process.once('exit', resolve));
    this.socket.destroy();
    rmSync(this.path, { force: true });
  }
}

/** The pages whose numbers are not those of the book. */
async function lost(machine) {
  await machine.ask('stop');
  const book = await machine.read(BOOK, BOOK_BYTES);
  const pages = await machine.read(PAGES, PAGE_COUNT * PAGE_BYTES);
  await machine.ask('cont');
  const writes = book.readUInt32LE(4);
  const current = book.readUInt32LE(8);
  if (book.readUInt32LE(0) !== 0x4b4f4f42) throw new Error('the guest does not run');
  const wrong = [];
  for (let page = 0; page < PAGE_COUNT; page++) {
    const wanted = book.readUInt32LE(16 + 4 * page);
    const first = pages.readUInt32LE(page * PAGE_BYTES);
    const last = ~pages.readUInt32LE((page + 1) * PAGE_BYTES - 4) >>> 0;
    const blank = wanted === 0 && first === 0;
    if (page !== current && !blank && (first !== wanted || last !== wanted))
      wrong.push({ page, wanted, first, last });
  }
  return { writes, wrong };
}

async function migrate(source) {
  serial += 1;
  const path = join(folder, `incoming-${serial}`);
  const destination = await new Qemu().start({ isDestination: true });
  await destination.ask('migrate-incoming', { uri: `unix:${path}` });
  await source.ask('migrate-set-parameters', {
    'max-bandwidth': 125_000_000,
    'downtime-limit': 100,
  });
  await source.ask('migrate', { uri: `unix:${path}` });
  if (postcopyAfterMs !== undefined) {
    await sleep(postcopyAfterMs);
    await source.ask('migrate-start-postcopy');
  }
  for (const end = Date.now() + LIMIT_MS; ; await sleep(20)) {
    const { status, ram } = await source.ask('query-migrate');
    if (status === 'completed') {
      await source.end();
      rmSync(path, { force: true });
      return { destination, passes: ram['dirty-sync-count'] };
    }
    if (status === 'failed' || Date.now() > end) throw new Error(`the migration is ${status}`);
  }
}

const seen = new Set();
let migrations = 0;
let before = 0;
let damaged = 0;
let machine = await new Qemu().start();
const endMs = Date.now() + Number(seconds) * 1000;
// Once around before the first check: pages that were never written are blank.
await sleep(2_000);
try {
  while (Date.now() < endMs) {
    const moved = await migrate(machine);
    machine = moved.destination;
    migrations += 1;
    await sleep(RUN_MS);
    const { writes, wrong } = await lost(machine);
    if (writes <= before) throw new Error('the guest stands still');
    before = writes;
    const fresh = wrong.filter(({ page, wanted }) => !seen.has(`${page} ${wanted}`));
    for (const { page, wanted } of fresh) seen.add(`${page} ${wanted}`);
    if (fresh.length > 0) {
      damaged += 1;
      const found = { migration: migrations, passes: moved.passes, writes, pages: fresh.length };
      const examples = fresh.slice(0, SHOWN);
      process.stdout.write(`${JSON.stringify({ ...found, examples })}\n`);
    }
    await sleep(RUN_MS);
  }
} finally {
  await machine.end();
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
  `${migrations} migrations, ${damaged} with lost writes; ${before} writes in all\n`,
);
process.exitCode = damaged > 0 ? 1 : 0;
