/** Which processors a program can be kept to, asked of the kernel. */
import { expect, test } from 'vitest';
import {
  allowedProcessors,
  onlineProcessors,
  processorsIn,
  processorsToBeHad,
} from '../../../harness/sandbox/pinned.ts';

const { signal } = new AbortController();

test('those of the cpuset, whatever this process is kept to, and no others', async () => {
  const online = onlineProcessors();
  const cpuset = processorsIn(await processorsToBeHad(online, signal));
  expect(cpuset).toEqual(expect.arrayContaining(processorsIn(allowedProcessors())));
  const [first = 0] = cpuset;
  expect(await processorsToBeHad(String(first), signal)).toBe(String(first));
});

test('a processor that is not there cannot be had', async () => {
  const beyond = Math.max(...processorsIn(onlineProcessors())) + 1;
  // The kernel leaves it out beside one that is there, and refuses it alone.
  const first = processorsIn(allowedProcessors())[0] ?? 0;
  expect(await processorsToBeHad(`${first},${beyond}`, signal)).toBe(String(first));
  await expect(processorsToBeHad(String(beyond), signal)).rejects.toMatchObject({
    code: 'host-unfit',
    message: expect.stringContaining(`keep a program to the processors ${beyond}`) as unknown,
  });
});
