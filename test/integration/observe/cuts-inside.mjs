/**
 * Lives inside the sandbox: a service and an echo stand in the source's network, where a guest would; the service network
 * is cut for known times, and the service probe's own client and a UDP echo say how long they heard nothing.
 *
 * Arguments: the folder of the built program, where the scratch file system goes, lengths in ms and the number of
 * readings as JSON. Standard input holds the tools. Prints a list of readings as one line of JSON.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [dist, scratch, lengths, readings] = process.argv.slice(2);
const load = (...path) => import(pathToFileURL(join(dist, 'harness', ...path)).href);
const { mountScratch } = await load('sandbox', 'mounts.js');
const { createNamespaceSandbox } = await load('sandbox', 'namespaces.js');
const { ServiceLoad, monotonicMs } = await load('observe', 'service-load.js');

const HOST = '10.202.0.2';
const PERIOD_MS = 5;
/** The source's port is taken out of the bridge, and put back. */
const OUT = 'nomaster';
const IN = 'master svc';
/** Long enough for TCP to recover from the longest cut. */
const MARGIN_MS = 1_500;
const SERVICE = `
  require('node:net').createServer((socket) => socket.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 10) socket.write('ok\\n');
  })).listen(7000, '${HOST}');
  const echo = require('node:dgram').createSocket('udp4');
  echo.on('message', (message, { port, address }) => echo.send(message, port, address, () => undefined));
  echo.bind(7001, '${HOST}');
`;

await mountScratch(scratch);
const tools = JSON.parse(readFileSync(0, 'utf8'));
const sandbox = await createNamespaceSandbox(scratch, tools, 'user');
sandbox.source.start({ file: process.execPath, args: ['-e'] }, [SERVICE]);

// One ip for all cuts: a program that has yet to be started would blur their edges.
const ip = sandbox.startClient(tools.ip, ['-oneline', '-batch', '-'], { pipes: true });
const answers = createInterface({ input: ip.stdout })[Symbol.asyncIterator]();
/**
 * Between these two times, on the monotonic clock, the port was switched. A link that was set down for a second instead
 * came back 0.2 s late in three cuts of four.
 */
async function switchPort(port) {
  const fromMs = monotonicMs();
  ip.stdin.write(`link set dev svc-src ${port}\nlink show dev lo\n`);
  const { done } = await answers.next();
  if (done) throw new Error(`ip refused ${port}`);
  return { fromMs, toMs: monotonicMs() };
}

// With its own address the bridge does not take another one when a port leaves.
ip.stdin.write('link set dev svc address 02:00:00:00:00:01\n');

const echoes = [];
const echo = createSocket('udp4', () => echoes.push(monotonicMs()));
echo.on('error', () => undefined);
echo.bind(0, sandbox.clientAddress);
const beat = setInterval(() => echo.send('x', 7001, HOST, () => undefined), PERIOD_MS);
const service = new ServiceLoad({ protocol: 'line', port: 7000, request: 'get {n}' }, HOST, 200);
await service.start(10_000);
await sleep(500);

const cuts = [];
for (let reading = 0; reading < Number(readings); reading++) {
  for (const askedMs of JSON.parse(lengths)) {
    const windowFromMs = monotonicMs();
    await sleep(100);
    const down = await switchPort(OUT);
    await sleep(askedMs);
    const up = await switchPort(IN);
    await sleep(MARGIN_MS);
    cuts.push({ askedMs, down, up, windowFromMs, windowToMs: monotonicMs() });
  }
}
clearInterval(beat);
const { requests, reconnects } = service.stop();
const good = requests
  .filter(({ error, endedMs }) => error === undefined && endedMs !== undefined)
  .map(({ endedMs }) => endedMs)
  .sort((one, other) => one - other);

function longestGap(times, { windowFromMs, windowToMs }) {
  const within = times.filter((at) => at >= windowFromMs && at <= windowToMs);
  return Math.max(...within.slice(1).map((at, index) => at - within[index]), 0);
}

const results = cuts.map((cut) => ({
  askedMs: cut.askedMs,
  /** The cut lasted for at least and at most this long. */
  leastMs: cut.up.fromMs - cut.down.toMs,
  mostMs: cut.up.toMs - cut.down.fromMs,
  echoMs: longestGap(echoes, cut) - PERIOD_MS,
  serviceMs: longestGap(good, cut),
}));
await sandbox[Symbol.asyncDispose]();
process.stdout.write(`${JSON.stringify({ results, reconnects })}\n`, () => process.exit(0));
