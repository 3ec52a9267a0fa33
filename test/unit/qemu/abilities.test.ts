/** How a build is asked what it can do. */
import { expect, test } from 'vitest';
import { probeArguments } from '../../../harness/qemu/abilities.ts';

test('a build without TCG can be asked too', () => {
  const args = probeArguments('/run/a,b/qmp');
  expect(args.slice(0, 2)).toEqual(['-machine', 'none,accel=tcg:kvm']);
  expect(args).not.toContain('-accel');
  expect(args).toContain('unix:/run/a,,b/qmp,server=on,wait=off');
});
