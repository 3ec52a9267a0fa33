/**
 * What a workload needs, from its dirty curve alone: the bandwidth for a downtime limit, and the downtime for a
 * bandwidth. Source: docs/models.md#convergence (after Gudkov, qemu-devel 2023).
 */
import type { DirtyFunction } from './curve.ts';
import { LINK_PAYLOAD, PAGE_OVERHEAD } from './wire.ts';

/**
 * Link bandwidth from which pre-copy converges with this downtime limit, bits per second:
 * B_req(L) = D(f·L)·(1 + h/p) / L, on the wire. QEMU compares memory that is left with what the wire carries within L, whatever
 * that memory shrinks to.
 *
 * @param shrinkage f: what pages take on the wire, of what they take as they are; 1 without compression.
 */
export function requiredBandwidth(
  dirty: DirtyFunction,
  downtimeLimitMs: number,
  shrinkage = 1,
): number {
  const bytesPerSecond =
    (dirty(shrinkage * downtimeLimitMs) * PAGE_OVERHEAD * 1000) / downtimeLimitMs;
  return (bytesPerSecond * 8) / LINK_PAYLOAD;
}

/**
 * The downtime at which an endless pre-copy over this link hovers, ms: the largest t with D(t)·f·(1 + h/p) = B·t. 0 where
 * the link outruns the workload over every window: then only the devices' own time is left.
 *
 * @param shrinkage f, as above.
 */
export function requiredDowntime(
  dirty: DirtyFunction,
  bitsPerSecond: number,
  shrinkage = 1,
): number {
  const bytesPerMs = ((bitsPerSecond / 8) * LINK_PAYLOAD) / 1000 / shrinkage;
  const surplus = (ms: number): number => dirty(ms) * PAGE_OVERHEAD - bytesPerMs * ms;
  // Past this even all of memory is carried in time.
  let right = (dirty.capBytes * PAGE_OVERHEAD) / bytesPerMs;
  // Geometric steps from the right: D is concave up to noise, so that the last change of sign is the largest root.
  const STEP = 0.98;
  let left = right;
  while (left > dirty.shortestMs / 4 && surplus(left) <= 0) {
    right = left;
    left *= STEP;
  }
  if (surplus(left) <= 0) return 0;
  for (let round = 0; round < 60; round += 1) {
    const middle = (left + right) / 2;
    if (surplus(middle) > 0) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}
