/** The kernel's lists of processors. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  allowedProcessors,
  onlineProcessors,
  processorsIn,
} from '../../../harness/sandbox/pinned.ts';
import { temporaryFolder } from '../record/temporary.ts';

test.each([
  ['0', [0]],
  ['0-3,6', [0, 1, 2, 3, 6]],
  ['0,2-3', [0, 2, 3]],
  ['3-2', [2, 3]],
])('%s', (list, numbers) => {
  expect(processorsIn(list)).toEqual(numbers);
});

test('those online are the kernel’s own list; without it, as many as there are', async () => {
  const path = join(await temporaryFolder(), 'online');
  expect(onlineProcessors(path)).toBe(`0-${cpus().length - 1}`);
  await writeFile(path, '0-3,6\n');
  expect(onlineProcessors(path)).toBe('0-3,6');
  expect(processorsIn(onlineProcessors())).not.toEqual([]);
});

test('where a process may run is in its status', () => {
  const status = 'Name:\tnode\nCpus_allowed:\t55\nCpus_allowed_list:\t0,2,4,6\nMems_allowed:\t1\n';
  expect(allowedProcessors(status)).toBe('0,2,4,6');
  expect(allowedProcessors('Name:\tnode\n')).toBe(onlineProcessors());
  // This process runs on one that is online; it may be allowed others, which are not.
  const online = processorsIn(onlineProcessors());
  expect(processorsIn(allowedProcessors()).some((number) => online.includes(number))).toBe(true);
});
