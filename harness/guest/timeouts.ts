/** Deadlines that grow with the guest: filling or checking its memory takes as long as there is memory. */
import type { GuestShape } from '../plan/types.ts';

/** A slow host under emulation goes through this much memory in a second, bytes. */
const SLOWEST_BYTES_PER_SECOND = 32 * 1024 * 1024;

/** A workload's own deadline and the time to go through all of the guest's memory once, ms. */
export function scaledTimeoutMs(baseMs: number, guest: Pick<GuestShape, 'memoryBytes'>): number {
  return baseMs + (guest.memoryBytes / SLOWEST_BYTES_PER_SECOND) * 1000;
}
