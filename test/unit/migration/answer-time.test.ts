/** How long a source may be silent while it migrates. */
import { expect, test } from 'vitest';
import { answerTimeoutMs } from '../../../harness/migration/answer-time.ts';
import { cellSpec } from './fixtures.ts';

const guest = { ...cellSpec().guest, memoryBytes: 4 * 2 ** 30 };

test('over a link: the usual time and the stop of the guest', () => {
  expect(answerTimeoutMs(10_000, cellSpec({ guest }), {})).toBe(10_600);
  const slow = cellSpec({ guest, parameters: { 'downtime-limit': 2_000 } });
  expect(answerTimeoutMs(10_000, slow, {})).toBe(14_000);
});

test('into a file: the time that a slow file system takes for the guest’s memory as well', () => {
  expect(answerTimeoutMs(10_000, cellSpec({ guest }), { file: '/run/guest' })).toBe(138_600);
});
