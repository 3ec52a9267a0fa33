/** Where the QEMUs of a trial run, beside observers that are pinned. */
import { expect, test } from 'vitest';
import { processorsOf } from '../../../harness/migration/pin-observers.ts';
import { allowedProcessors } from '../../../harness/sandbox/pinned.ts';

test('a QEMU that is not pinned runs where migbench might before its observers were pinned', () => {
  const pin = { source: '4', observers: '0' };
  expect(processorsOf(pin, 'source', '0,2,4,6')).toBe('4');
  expect(processorsOf(pin, 'destination', '0,2,4,6')).toBe('0,2,4,6');
  // Nothing here has pinned this process.
  expect(processorsOf(pin, 'destination')).toBe(allowedProcessors());
});

test('without pinned observers there is nothing to undo', () => {
  expect(processorsOf(undefined, 'source', '0-1')).toBeUndefined();
  expect(processorsOf({ source: '1' }, 'destination', '0-1')).toBeUndefined();
});
