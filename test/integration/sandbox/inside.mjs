/**
 * Lives inside the sandbox, as the measuring process does: builds it, sends bytes over the migration link in each
 * shape, and prints what the link's counters and the clock say, as one line of JSON.
 *
 * Arguments: the folder of the built program, where the scratch file system goes, the network of the guests, and the
 * shapes of the link as JSON. Standard input holds the tools, as the harness found them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [dist, scratch, network, shapes] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(dist, 'harness', 'sandbox', path)).href);
const { mountScratch } = await load('mounts.js');
const { createNamespaceSandbox } = await load('namespaces.js');
const { timeLinkCopies } = await load('link-copy.js');

const BYTES = 1_000_000;
const STREAM_BITS_PER_SECOND = 20e6;
const RECEIVER = `
  const server = require('node:net').createServer((socket) => {
    let got = 0;
    socket.on('data', (chunk) => { got += chunk.length; });
    socket.on('end', () => { socket.end(String(got)); server.close(); });
  }).listen(4444, process.argv[1]);
`;
const SENDER = `
  const { connect } = require('node:net');
  const begin = performance.now();
  const attempt = (left) => {
    const socket = connect(4444, process.argv[1], () => socket.end(Buffer.alloc(${BYTES})));
    let answer = '';
    socket.on('data', (chunk) => { answer += chunk; });
    socket.on('error', () => left > 0 ? setTimeout(attempt, 50, left - 1) : process.exit(1));
    socket.on('close', () => {
      if (answer !== '') console.log(JSON.stringify({ got: Number(answer), ms: performance.now() - begin }));
    });
  };
  attempt(200);
`;

await mountScratch(scratch);
const tools = JSON.parse(readFileSync(0, 'utf8'));
const sandbox = await createNamespaceSandbox(scratch, tools, network);
const node = { file: process.execPath, args: ['-e'] };
const address = sandbox.destination.migrationAddress;
const results = [];
let transfers = 0;
const transfer = async (timeoutMs) => {
  const before = await sandbox.readLinkCounters();
  const receiver = sandbox.destination.start(node, [RECEIVER, address]);
  const stdoutPath = join(scratch, `sent-${(transfers += 1)}`);
  const sender = sandbox.source.start(node, [SENDER, address], { stdoutPath });
  const exit = await sender.waitForExit(timeoutMs);
  if (exit === undefined) await sender[Symbol.asyncDispose]();
  else await receiver.waitForExit(5_000);
  await receiver[Symbol.asyncDispose]();
  const after = await sandbox.readLinkCounters();
  return {
    exit,
    ...JSON.parse(readFileSync(stdoutPath, 'utf8') || '{}'),
    toDestinationBytes: after.toDestinationBytes - before.toDestinationBytes,
    toSourceBytes: after.toSourceBytes - before.toSourceBytes,
  };
};
for (const shape of JSON.parse(shapes)) {
  await sandbox.shapeLink(shape);
  results.push(await transfer(60_000));
}
const copies = await timeLinkCopies(sandbox, { bandwidthBitsPerSecond: 100e6, delayUs: 50_000 });
// A competing stream, alone on the link; then a transfer beside it.
const beforeStream = await sandbox.readLinkCounters();
const stream = await sandbox.startStream(STREAM_BITS_PER_SECOND);
await sleep(3_000);
const sent = await stream.stop();
// What a queue and the receiver still hold arrives within moments; what has not by then is lost.
for (let left = 100; left > 0; left -= 1) {
  const { competingBytes } = await sandbox.readLinkCounters();
  if (competingBytes >= sent.sentBytes) break;
  await sleep(50);
}
const afterStream = await sandbox.readLinkCounters();
await stream[Symbol.asyncDispose]();
// The link goes down, and what is sent does not arrive; up, and it does.
await sandbox.setLink('down');
const down = await transfer(3_000);
await sandbox.setLink('up');
const up = await transfer(60_000);
// A process that would live for ever ends with the sandbox.
const immortal = sandbox.source.start(node, ['setInterval(() => {}, 1000)']);
await sandbox[Symbol.asyncDispose]();
process.stdout.write(
  `${JSON.stringify({
    ...{ results, copies },
    ...{ down, up },
    stream: {
      ...sent,
      // The first stream of this sandbox.
      arrivedBytes: afterStream.competingBytes,
      otherBytes: afterStream.toDestinationBytes - beforeStream.toDestinationBytes,
    },
    immortal: immortal.exit,
  })}\n`,
);
process.exit(0);
