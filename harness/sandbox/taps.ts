/** Whether guests can have tap devices, which connect them to the service bridge: only opening the device tells. */
import { closeSync, openSync } from 'node:fs';
import { systemErrorCode } from '../errors.ts';

const DEVICE = '/dev/net/tun';

/** Why there are no taps. */
export interface TapRefusal {
  /** What was found, without a full stop. */
  readonly found: string;
  /** What to do, in sentences. */
  readonly remedy: string;
}

/**
 * Why this user may not make tap devices here; `undefined` where it may. A device that is there and may be read and
 * written can still refuse to be opened: its driver may be missing, or a container's rules against it.
 */
export function tapRefusal(device: string = DEVICE): TapRefusal | undefined {
  try {
    closeSync(openSync(device, 'r+'));
    return undefined;
  } catch (error) {
    return explain(device, systemErrorCode(error) ?? 'unknown error');
  }
}

function explain(device: string, code: string): TapRefusal {
  switch (code) {
    case 'ENOENT':
      return {
        found: `there is no ${device}`,
        remedy: `As root: modprobe tun; in a container, pass the device in (--device ${device}).`,
      };
    case 'ENODEV':
    case 'ENXIO':
      return {
        found: `${device} is there, but the kernel has no driver for it (${code})`,
        remedy:
          'As root: modprobe tun. Where that finds no module, the kernel was upgraded since it booted: reboot.',
      };
    case 'EPERM':
      return {
        found: `${device} is there, but this container or service may not use it (EPERM)`,
        remedy: `Pass the device in (--device ${device}; for a systemd service, DeviceAllow=${device} rw).`,
      };
    case 'EACCES':
      return {
        found: `${device} cannot be opened by this user`,
        remedy: `As root: chmod 0666 ${device} (most distributions ship it so).`,
      };
    default:
      return {
        found: `${device} cannot be opened (${code})`,
        remedy: 'As root: modprobe tun, and look for tun in dmesg.',
      };
  }
}
