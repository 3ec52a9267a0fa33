/** The transcript: order, bound, and lines that are JSON. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Transcript } from '../../../harness/qmp/index.ts';

async function flushed(transcript: Transcript): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'transcript-'));
  try {
    const path = join(folder, 'qmp.jsonl');
    await transcript.flush(path);
    return await readFile(path, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('writes messages as they came, one line each', async () => {
  const transcript = new Transcript();
  transcript.add('send', 1.23456, '{"execute":"query-status","id":1}');
  transcript.add('receive', 2, '{"return": 18446744073709551615, "id": 1}');
  transcript.add('receive', 3, '{\r\n "a": 1 }');
  transcript.add('receive', 4, 'What arrived is not QMP: «\\x00»');
  expect(await flushed(transcript)).toBe(
    [
      '{"atMs":1.235,"direction":"send","message":{"execute":"query-status","id":1}}',
      '{"atMs":2.000,"direction":"receive","message":{"return": 18446744073709551615, "id": 1}}',
      '{"atMs":3.000,"direction":"receive","message":{"a":1}}',
      '{"atMs":4.000,"direction":"receive","message":"What arrived is not QMP: «\\\\x00»"}',
      '',
    ].join('\n'),
  );
});

test('past its bound it drops the oldest, and says how many', async () => {
  const transcript = new Transcript({ maxCharacters: 30 });
  for (let index = 0; index < 5000; index += 1) transcript.add('send', index, '{"id":1234}');
  expect(transcript.droppedCount).toBe(4998);
  expect(transcript.entries().map(({ atMs }) => atMs)).toEqual([4998, 4999]);
  expect((await flushed(transcript)).split('\n')[0]).toBe('{"direction":"dropped","count":4998}');
});

test('a file that cannot be written is an error of the record', async () => {
  await expect(new Transcript().flush('/no/such/folder/x')).rejects.toMatchObject({
    code: 'record',
  });
});

test('a full disk is the host’s', async () => {
  const transcript = new Transcript();
  transcript.add('send', 0, '{"execute":"quit"}');
  // Every write to /dev/full fails with ENOSPC.
  await expect(transcript.flush('/dev/full')).rejects.toMatchObject({ code: 'host-unfit' });
});
