/**
 * Pre-copy as QEMU does it, in expected values: passes over dirty memory, each of which ends as soon as less is left
 * than the bandwidth carries within the downtime limit; then the bitmap is read, and either that is still so and the
 * guest is stopped, or another pass begins with what was left. See docs/models.md#the-passes.
 */
import { dirtyShare, type PageClass } from './classes.ts';
import { PAGE_BYTES, ZERO_PAGE_BYTES } from './wire.ts';

/** QEMU's auto-converge: its parameters, and how much of its processors the guest uses. */
export interface Throttle {
  /** Of the busiest vCPU, 0 to 1: a guest that sleeps half of its time is not slowed down by a throttle of 50 %. */
  readonly busyFraction: number;
  readonly initialPercent: number;
  readonly incrementPercent: number;
  readonly maximumPercent: number;
  /** A period counts when it dirtied more than this part of what was sent. */
  readonly triggerPercent: number;
}

export interface PrecopyCase {
  /** Memory that is sent whole. */
  readonly nonZeroBytes: number;
  readonly zeroPages: number;
  /** Part of `nonZeroBytes`. */
  readonly classes: readonly PageClass[];
  /** On the wire, while the guest runs and once it is stopped. */
  readonly liveBytesPerSecond: number;
  readonly switchBytesPerSecond: number;
  /** What QEMU takes for the bandwidth when it compares what is left with the downtime limit. */
  readonly estimateBytesPerSecond: number;
  readonly downtimeLimitMs: number;
  /** Bytes on the wire per byte of memory in this pass (from 1), for pages that were sent before. */
  readonly wireFactor: (pass: number) => number;
  /** How many pages of zeros a second are recognised. */
  readonly zeroPagesPerSecond: number;
  /** QEMU looks at what is left this often, ms. */
  readonly iterationMs: number;
  readonly throttle?: Throttle;
  /** Leave pre-copy for post-copy after this many passes, or after this time. */
  readonly leaveAfter?: { readonly passes: number } | { readonly timeMs: number };
}

export interface PrecopyOutcome {
  /** `left`: for post-copy. */
  readonly end: 'converged' | 'hovers' | 'left';
  readonly passes: number;
  readonly liveMs: number;
  /** Sent on the wire while the guest ran. */
  readonly liveBytes: number;
  /** Memory that is dirty at the end of the last pass. */
  readonly remainingBytes: number;
  readonly throttlePercent: number;
  readonly longestPassMs: number;
}

/** No pre-copy of this many passes, or this long, is going to end. */
const PASSES_LIMIT = 2_000;
const TIME_LIMIT_MS = 24 * 3_600_000;
/** Auto-converge looks no more often than this, ms. */
const THROTTLE_PERIOD_MS = 1_000;
/** Periods that have to count before it acts. */
const THROTTLE_PERIODS = 2;
/** What is left may differ by this part from one pass to the next, and it is the same. */
const SAME = 1e-4;

interface State {
  /** Of each class, memory that is to be sent. */
  unsent: number[];
  /** Memory to be sent that no class holds: it is written never again. */
  cold: number;
}

/** Run the model to its end. */
export function runPrecopy(input: PrecopyCase): PrecopyOutcome {
  const { classes, liveBytesPerSecond: rate } = input;
  const warm = classes.reduce((sum, { bytes }) => sum + bytes, 0);
  const state: State = {
    unsent: classes.map(({ bytes }) => bytes),
    cold: Math.max(0, input.nonZeroBytes - warm),
  };
  const thresholdBytes = (input.estimateBytesPerSecond * input.downtimeLimitMs) / 1000;
  const throttle = new ThrottleState(input.throttle);
  let passes = 0;
  let liveMs = 0;
  let liveBytes = 0;
  let longestPassMs = 0;
  let before = Number.NaN;
  const outcome = (end: PrecopyOutcome['end']): PrecopyOutcome => ({
    ...{ end, passes, liveMs, liveBytes, longestPassMs },
    remainingBytes: total(state),
    throttlePercent: throttle.percent,
  });
  for (;;) {
    passes += 1;
    const factor = input.wireFactor(passes);
    const left = total(state);
    // QEMU looks every iteration: on average it finds half of one less than the threshold.
    const halfIteration = (rate * input.iterationMs) / 2000 / factor;
    let sent = Math.min(left, Math.max(0, left - thresholdBytes) + halfIteration);
    const zeros = passes === 1 ? input.zeroPages : 0;
    const zeroMs = 1000 * ((zeros * ZERO_PAGE_BYTES) / rate + zeros / input.zeroPagesPerSecond);
    let passMs = (sent * factor * 1000) / rate + zeroMs;
    const leave = input.leaveAfter;
    let leaving = leave !== undefined && 'passes' in leave && passes >= leave.passes;
    if (leave !== undefined && 'timeMs' in leave && liveMs + passMs >= leave.timeMs) {
      const part = Math.max(0, (leave.timeMs - liveMs) / passMs);
      sent *= part;
      passMs *= part;
      leaving = true;
    }
    send(state, sent, passes === 1);
    liveMs += passMs;
    liveBytes += sent * factor + zeros * ZERO_PAGE_BYTES;
    longestPassMs = Math.max(longestPassMs, passMs);
    const fresh = dirtyAgain(state, classes, passMs * throttle.speed);
    if (leaving) return outcome('left');
    if (total(state) <= thresholdBytes) return outcome('converged');
    const acted = throttle.period(passMs, fresh, sent * factor);
    const settled = Math.abs(total(state) - before) <= SAME * before;
    if ((settled && !acted && throttle.exhausted) || passes >= PASSES_LIMIT)
      return outcome('hovers');
    if (liveMs > TIME_LIMIT_MS) return outcome('hovers');
    before = total(state);
  }
}

function total({ unsent, cold }: State): number {
  return unsent.reduce((sum, bytes) => sum + bytes, cold);
}

/**
 * Take what was sent from what is to be sent. The first pass meets hot and cold memory alike; later ones begin with
 * what the one before has left, and so with all that is cold.
 */
function send(state: State, sent: number, isFirst: boolean): void {
  const before = total(state);
  if (before <= 0) return;
  const coldSent = isFirst ? (sent * state.cold) / before : Math.min(sent, state.cold);
  const warm = before - state.cold;
  const warmLeft = warm <= 0 ? 0 : Math.max(0, 1 - (sent - coldSent) / warm);
  state.cold -= coldSent;
  state.unsent = state.unsent.map((bytes) => bytes * warmLeft);
}

/** Add what the guest has dirtied within `ms`, as far as it is not to be sent already; gives all it has dirtied. */
function dirtyAgain(state: State, classes: readonly PageClass[], ms: number): number {
  let dirtied = 0;
  state.unsent = state.unsent.map((unsent, index) => {
    const pages = classes[index];
    if (pages === undefined) return unsent;
    const share = dirtyShare(pages, ms);
    dirtied += pages.bytes * share;
    return unsent + (pages.bytes - unsent) * share;
  });
  return dirtied;
}

/** The throttle as it rises, 20, 30, … 99 %. */
class ThrottleState {
  percent = 0;
  readonly #rules: Throttle | undefined;
  #periodMs = 0;
  #dirtied = 0;
  #sent = 0;
  #counted = 0;

  constructor(rules: Throttle | undefined) {
    this.#rules = rules;
  }

  /** How much of its speed the guest has. */
  get speed(): number {
    if (this.#rules === undefined || this.percent === 0) return 1;
    return Math.min(1, (1 - this.percent / 100) / Math.max(0.01, this.#rules.busyFraction));
  }

  /** It will not rise any further. */
  get exhausted(): boolean {
    return this.#rules === undefined || this.percent >= this.#rules.maximumPercent;
  }

  /** Account for a pass; true where the throttle has risen. */
  period(passMs: number, dirtied: number, sent: number): boolean {
    if (this.#rules === undefined) return false;
    this.#periodMs += passMs;
    this.#dirtied += dirtied;
    this.#sent += sent;
    if (this.#periodMs < THROTTLE_PERIOD_MS) return false;
    const counts = this.#dirtied * 100 > this.#sent * this.#rules.triggerPercent;
    this.#periodMs = 0;
    this.#dirtied = 0;
    this.#sent = 0;
    if (!counts) return false;
    this.#counted += 1;
    if (this.#counted < THROTTLE_PERIODS) return false;
    this.#counted = 0;
    const { initialPercent, incrementPercent, maximumPercent } = this.#rules;
    const next = this.percent === 0 ? initialPercent : this.percent + incrementPercent;
    const rose = next > this.percent && this.percent < maximumPercent;
    this.percent = Math.min(maximumPercent, next);
    return rose;
  }
}

/** Pages in this many bytes. */
export function pagesOf(bytes: number): number {
  return bytes / PAGE_BYTES;
}
