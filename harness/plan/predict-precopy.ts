/** How long a pre-copy takes by arithmetic: passes over memory that is written meanwhile. */

export interface PrecopyInput {
  /** What the first pass sends, in bytes. */
  readonly bytes: number;
  readonly bytesPerSecond: number;
  /** Memory that the guest goes on writing to, in bytes, and how much it writes, in bytes/s. */
  readonly workingSetBytes: number;
  readonly writtenPerSecond: number;
  readonly downtimeLimitMs: number;
  /** The time after which it is given up, in ms. */
  readonly deadlineMs: number;
  /** QEMU slows the guest down from the third pass on (auto-converge): from `initial` in steps of `increment`, in %. */
  readonly throttle?: {
    readonly initial: number;
    readonly increment: number;
    readonly maximum: number;
  };
}

/** A pass that sends less than this is the last, in bytes: dirty pages of the system itself. */
const LEAST_BYTES = 1e6;

/**
 * The length of a pre-copy, in ms; the deadline where it does not converge.
 *
 * Pages are taken to be written at random: of a working set W, writing at rate w for a time t makes W(1 − e^(−wt/W))
 * dirty. The guest is stopped once what is left takes no longer than the downtime limit.
 */
export function precopyMs(input: PrecopyInput): number {
  const { bytesPerSecond, workingSetBytes, writtenPerSecond, downtimeLimitMs, throttle } = input;
  const limitBytes = Math.max(LEAST_BYTES, (downtimeLimitMs / 1000) * bytesPerSecond);
  let left = input.bytes;
  let seconds = 0;
  for (let pass = 1; seconds * 1000 < input.deadlineMs; pass++) {
    const passSeconds = left / bytesPerSecond;
    seconds += passSeconds;
    const percent =
      throttle === undefined || pass < 3
        ? 0
        : Math.min(throttle.maximum, throttle.initial + throttle.increment * (pass - 3));
    const written = writtenPerSecond * (1 - percent / 100) * passSeconds;
    left = workingSetBytes > 0 ? workingSetBytes * (1 - Math.exp(-written / workingSetBytes)) : 0;
    if (left <= limitBytes) {
      return Math.min(input.deadlineMs, (seconds + left / bytesPerSecond) * 1000);
    }
  }
  return input.deadlineMs;
}
