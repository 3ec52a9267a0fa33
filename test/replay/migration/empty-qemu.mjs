/** A QEMU without guests that answers what a build is asked; its machine types are the environment's MACHINE_TYPES. */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const option = process.argv[process.argv.indexOf('-qmp') + 1] ?? '';
const [, path = ''] = /^unix:([^,]+),/u.exec(option) ?? [];
const version = { qemu: { major: 10, minor: 1, micro: 0 }, package: '' };
const answers = {
  'query-machines': JSON.parse(process.env['MACHINE_TYPES'] ?? '[]'),
  'query-migrate-capabilities': [],
  'query-qmp-schema': [],
};

createServer((socket) => {
  const say = (message) => socket.write(`${JSON.stringify(message)}\n`);
  say({ QMP: { version, capabilities: [] } });
  createInterface({ input: socket }).on('line', (line) => {
    const { execute, id } = JSON.parse(line);
    say({ return: answers[execute] ?? {}, id });
    if (execute === 'quit') socket.end(() => process.exit(0));
  });
}).listen(path);
