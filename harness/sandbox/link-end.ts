/**
 * One end of the migration link, without a QEMU: a program of its own, started on each host.
 *
 *     link-end.js receive ADDRESS             answers every copy with one byte; ends with its connection
 *     link-end.js send ADDRESS BYTES COPIES   prints the times of the copies in ms, as JSON; the first is not counted
 */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

const PORT = 4445;
/** The receiver may need a moment to be there, ms and times. */
const RETRY_MS = 20;
const RETRIES = 500;

function receive(address: string): void {
  const server = createServer({ noDelay: true }, (socket) => {
    let size = 0;
    let got = 0;
    socket.on('data', (chunk: Buffer) => {
      let from = 0;
      if (size === 0) {
        size = chunk.readUInt32LE(0);
        from = 4;
      }
      got += chunk.length - from;
      if (got < size) return;
      got -= size;
      socket.write('.');
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => server.close());
    socket.on('error', () => socket.destroy());
  });
  server.listen(PORT, address);
}

async function connected(address: string) {
  for (let left = RETRIES; ; left -= 1) {
    const socket = connect({ port: PORT, host: address, noDelay: true });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      socket.destroy();
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

async function send(address: string, bytes: number, copies: number): Promise<void> {
  const socket = await connected(address);
  const payload = Buffer.alloc(bytes, 1);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes);
  socket.write(size);
  const times: number[] = [];
  for (let copy = 0; copy <= copies; copy += 1) {
    const begin = performance.now();
    socket.write(payload);
    await once(socket, 'data');
    if (copy > 0) times.push(performance.now() - begin);
  }
  socket.end();
  process.stdout.write(`${JSON.stringify(times)}\n`);
}

const [role, address = '', bytes = '0', copies = '0'] = process.argv.slice(2);
if (role === 'receive') receive(address);
else await send(address, Number(bytes), Number(copies));
