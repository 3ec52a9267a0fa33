/** What is said of a measuring process that was killed. */
import { expect, test } from 'vitest';
import { killedError, outOfMemoryKills } from '../../../harness/sandbox/killed.ts';

const availableBytes = 3 * 2 ** 30;

test('kills for want of memory are counted by the kernel', () => {
  expect(outOfMemoryKills('pgfault 5\noom_kill 17\nnuma_hit 3\n')).toBe(17);
  expect(outOfMemoryKills('pgfault 5\n')).toBeUndefined();
  expect(outOfMemoryKills()).toBeGreaterThanOrEqual(0);
});

test('memory that ran out is named, with what to do', () => {
  const error = killedError({ how: 'SIGKILL', before: 3, after: 5, availableBytes });
  expect(error.code).toBe('host-unfit');
  expect(error.message).toMatch(/^The measuring process was killed \(SIGKILL\)/);
  expect(error.message).toContain('ran out of memory meanwhile and killed 2 of its processes');
  expect(error.message).toContain('3 GiB is available');
  expect(error.message).toContain('--set guest.memory=');
  expect(error.message).toContain('go on with --resume');
});

test('memory is not blamed where it did not run out', () => {
  const { message } = killedError({ how: 'SIGKILL', before: 3, after: 3, availableBytes });
  expect(message).toContain('did not run out of memory');
  expect(message).toContain('go on with --resume');
});

test('a kernel that does not count leaves both open', () => {
  const { message } = killedError({ how: 'SIGKILL', before: undefined, after: 1, availableBytes });
  expect(message).toContain('Somebody, or a host without memory (see dmesg), sent it that signal');
});
