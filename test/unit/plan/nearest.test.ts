/** The nearest valid name. */
import { expect, test } from 'vitest';
import { nearestName } from '../../../harness/plan/nearest.ts';

test.each([
  ['tpc', ['tcp', 'unix'], 'tcp'],
  ['ofn', ['off', 'on'], 'off'],
  ['kmv', ['auto', 'kvm', 'tcg'], 'kvm'],
  ['tls ', ['tcp', 'tls'], 'tls'],
  ['nuix', ['tcp', 'unix'], 'unix'],
  ['idel', ['idle', 'database'], 'idle'],
  ['Multi_FD', ['multifd', 'xbzrle'], 'multifd'],
  ['abc', ['tcp', 'xyz'], undefined],
  ['', ['a'], 'a'],
  ['x', ['kvm'], undefined],
])('%s among %j: %s', (name, valid, expected) => {
  expect(nearestName(name, valid)).toBe(expected);
});
