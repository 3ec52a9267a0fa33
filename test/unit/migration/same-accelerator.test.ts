/** A resumed run whose guests would run under another accelerator than before. */
import { expect, test } from 'vitest';
import { requireSameAccelerator } from '../../../harness/migration/same-accelerator.ts';

const NO_DEVICE = { chosen: 'tcg', reason: 'this user may not open /dev/kvm' } as const;
const before = (qemu: string, chosen: 'kvm' | 'tcg', reason?: string) => ({
  measuredUnder: new Map([[qemu, new Set([chosen])]]),
  environment: {
    accelerators: [{ qemu, chosen, ...(reason === undefined ? {} : { reason }) }],
  },
});

test('KVM and TCG in one run are refused, with both and the reason', () => {
  expect(() => requireSameAccelerator('system', NO_DEVICE, before('system', 'kvm'))).toThrow(
    expect.objectContaining({
      code: 'record',
      message:
        'Guests of system ran under KVM when the run began, and would run under TCG now (this user may not open ' +
        '/dev/kvm): trials of both cannot be compared. Resume it as it was begun, or start a new run.',
    }),
  );
  expect(() =>
    requireSameAccelerator('system', { chosen: 'kvm' }, before('system', 'tcg', 'no /dev/kvm')),
  ).toThrow(/ran under TCG when the run began \(no \/dev\/kvm\), and would run under KVM now: /u);
});

test('the same one, and a run without such records, go on', () => {
  // Noted, but nothing was measured yet.
  const noted = { ...before('system', 'kvm'), measuredUnder: new Map() };
  for (const earlier of [before('system', 'tcg'), before('path:/other', 'kvm'), noted])
    expect(() => requireSameAccelerator('system', NO_DEVICE, earlier)).not.toThrow();
});
