/** /dev/kvm as it looks from outside: whether guests run under it, only a boot tells. */
import { accessSync, constants, existsSync } from 'node:fs';
import { ok, warn, type Finding } from './finding.ts';

const DEVICE = '/dev/kvm';
const FALLBACK = 'Until then guests run under TCG: their speed is not representative.';

export type KvmDevice = 'absent' | 'refused' | 'open';

export function kvmDevice(): KvmDevice {
  if (!existsSync(DEVICE)) return 'absent';
  try {
    accessSync(DEVICE, constants.R_OK | constants.W_OK);
    return 'open';
  } catch {
    return 'refused';
  }
}

export function checkKvm(device: KvmDevice = kvmDevice()): Finding {
  switch (device) {
    case 'open':
      return ok(
        'kvm',
        `${DEVICE} can be opened; whether guests run under it, only a boot tells (a run tries it, or --probe)`,
      );
    case 'refused':
      return warn(
        'kvm',
        `${DEVICE} cannot be opened by this user`,
        `Add the user to the group kvm. ${FALLBACK}`,
      );
    case 'absent':
      return warn(
        'kvm',
        `there is no ${DEVICE}`,
        `Enable virtualization (in the firmware, or nested in the hypervisor) and load kvm_intel or kvm_amd. ${FALLBACK}`,
      );
  }
}
