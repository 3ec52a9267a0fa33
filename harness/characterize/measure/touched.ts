/**
 * The touched set: guest memory that was read or written within a window, by the accessed bits of QEMU's own page
 * tables (clear_refs, then "Referenced" of smaps). What post-copy has to fetch before the guest runs smoothly. Under
 * KVM guests use page tables of their own, whose bits smaps does not show: absent there.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Forget what was accessed up to now; false where this kernel or user cannot. */
export function forgetTouched(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '1');
    return true;
  } catch {
    return false;
  }
}

/** Bytes of guest memory that were accessed since; `undefined` where smaps cannot be read. */
export function touchedBytes(pid: number): number | undefined {
  try {
    return referencedBytes(readFileSync(`/proc/${pid}/smaps`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The "Referenced" of mappings of the guest's memory file, in the text of smaps. */
export function referencedBytes(smaps: string): number | undefined {
  let isGuest = false;
  let kilobytes: number | undefined;
  for (const line of smaps.split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /u.test(line)) isGuest = line.includes('/memfd:memory-backend-memfd');
    const value = /^Referenced:\s+(?<kb>\d+) kB$/u.exec(line)?.groups?.['kb'];
    if (isGuest && value !== undefined) kilobytes = (kilobytes ?? 0) + Number(value);
  }
  return kilobytes === undefined ? undefined : kilobytes * 1024;
}
