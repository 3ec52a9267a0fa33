/** What the measuring process reads while a guest migrates: QMP and the agent's datagrams. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseAgentMessage } from '../../../harness/guest/protocol.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { createFramer } from '../../../harness/qmp/framing.ts';
import type { Task } from './tasks.ts';

const recordings = join(packageRoot, 'test', 'fixtures', 'qmp', '11.1');

const MEBIBYTE = 1024 * 1024;
/** What one read of a socket gives at most in Node. */
const READ_BYTES = 64 * 1024;
/** Small enough that every reply is cut several times. */
const SHORT_READ_BYTES = 200;

/** The reply to query-qmp-schema, its entries repeated until it has 1 MiB: four times what QEMU 11.1 sends. */
function schemaReply(): Buffer {
  const text = gunzipSync(readFileSync(join(recordings, 'schema.json.gz'))).toString('utf8');
  const entries = text.trim().slice(1, -1);
  const copies = Array.from({ length: Math.ceil(MEBIBYTE / entries.length) }, () => entries);
  return Buffer.from(`{"return": [${copies.join(', ')}], "id": 1}\r\n`);
}

/** All replies to query-migrate of a recorded migration. */
function migrateReplies(): readonly Buffer[] {
  const lines = readFileSync(join(recordings, 'precopy.source.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => (JSON.parse(line) as { readonly message: Record<string, unknown> }).message)
    .filter(({ return: value }) => typeof value === 'object' && value !== null && 'ram' in value)
    .map((message) => Buffer.from(`${JSON.stringify(message)}\r\n`));
}

function cut(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

function frameAll(chunks: readonly Buffer[], expected: number): void {
  let messages = 0;
  const framer = createFramer({
    onMessage: () => {
      messages += 1;
    },
  });
  for (const chunk of chunks) framer.push(chunk);
  if (messages !== expected) throw new Error(`Expected ${expected} messages, found ${messages}.`);
}

export function messageTasks(): readonly Task[] {
  const schema = cut(schemaReply(), READ_BYTES);
  const replies = migrateReplies();
  const stream = cut(Buffer.concat(replies), SHORT_READ_BYTES);
  const sample = 'sample 305419896 4711 83123456789 1795545600123456789 running 123456 ';
  return [
    {
      name: 'frame a 1 MiB query-qmp-schema',
      run: () => {
        frameAll(schema, 1);
      },
    },
    {
      name: `frame ${replies.length} query-migrate replies in reads of ${SHORT_READ_BYTES} B`,
      run: () => {
        frameAll(stream, replies.length);
      },
    },
    {
      name: 'parse an agent’s sample',
      run: () => {
        if (parseAgentMessage(sample) === undefined) throw new Error('It is no sample.');
      },
    },
  ];
}
