/**
 * Pre-copy as QEMU does it, in expected values: passes over dirty memory, each of which ends as soon as less is left
 * than the bandwidth carries within the downtime limit; then the bitmap is read, and either that is still so and the
 * guest is stopped, or another pass begins with what was left. See docs/models.md#the-passes.
 */
import type { StreamRates } from './conditions.ts';
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
  /** Memory that is zero; QEMU counts it as left to send like any other. */
  readonly zeroBytes: number;
  /** Of the last so many bytes of memory by address, those that are not zero. */
  readonly tailNonZero: (tailBytes: number) => number;
  /** Part of `nonZeroBytes`. */
  readonly classes: readonly PageClass[];
  /** In the first pass, where it is another than later. */
  readonly firstPass?: StreamRates;
  /** On the wire. */
  readonly liveBytesPerSecond: number;
  /** What QEMU takes for the bandwidth when it compares what is left with the downtime limit. */
  readonly estimateBytesPerSecond: number;
  readonly downtimeLimitMs: number;
  /** Bytes on the wire per byte of memory in this pass (from 1), for pages that were sent before. */
  readonly wireFactor: (pass: number) => number;
  /** What the kernel takes of the first pass at once. */
  readonly socketBytes: number;
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
  /** Memory that is zero and was not sent yet. */
  readonly remainingZeroBytes: number;
  readonly throttlePercent: number;
  readonly longestPassMs: number;
}

/** No pre-copy of this many passes, or this long, is going to end; the time is at least so many times its first pass. */
const PASSES_LIMIT = 2_000;
const TIME_LIMIT_MS = 24 * 3_600_000;
const LEAST_TIMES_FIRST_PASS = 20;
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
  /** Memory of zeros that is to be sent. */
  zeros: number;
}

/** Run the model to its end. */
export function runPrecopy(input: PrecopyCase): PrecopyOutcome {
  const { classes } = input;
  const warm = classes.reduce((sum, { bytes }) => sum + bytes, 0);
  const state: State = {
    unsent: classes.map(({ bytes }) => bytes),
    cold: Math.max(0, input.nonZeroBytes - warm),
    zeros: input.zeroBytes,
  };
  const throttle = new ThrottleState(input.throttle);
  let passes = 0;
  let liveMs = 0;
  let liveBytes = 0;
  let longestPassMs = 0;
  let firstPassMs = 0;
  let before = Number.NaN;
  const outcome = (end: PrecopyOutcome['end']): PrecopyOutcome => ({
    ...{ end, passes, liveMs, liveBytes, longestPassMs },
    // A pass that was broken off may have been dirtied where it had not come to yet.
    remainingBytes: Math.min(input.nonZeroBytes, whole(state)),
    remainingZeroBytes: state.zeros,
    throttlePercent: throttle.percent,
  });
  for (;;) {
    passes += 1;
    const { liveBytesPerSecond: rate, estimateBytesPerSecond } =
      (passes === 1 ? input.firstPass : undefined) ?? input;
    const thresholdBytes = (estimateBytesPerSecond * input.downtimeLimitMs) / 1000;
    const factor = input.wireFactor(passes);
    // QEMU looks every iteration: on average it finds half of one less than the threshold.
    const halfIteration = (rate * input.iterationMs) / 2000 / factor;
    const left = pending(state);
    const goal = Math.max(0, Math.min(left, thresholdBytes) - halfIteration);
    const sent =
      passes === 1 ? sendUpTo(state, input, goal) : sendCyclic(state, Math.max(0, left - goal));
    const zeroPages = sent.zeroBytes / PAGE_BYTES;
    const passBytes = sent.bytes * factor + zeroPages * ZERO_PAGE_BYTES;
    const queued = passes === 1 ? Math.min(input.socketBytes, passBytes) : 0;
    let passMs = 1000 * ((passBytes - queued) / rate + zeroPages / input.zeroPagesPerSecond);
    let passWire = passBytes;
    const leave = input.leaveAfter;
    let leaving = leave !== undefined && 'passes' in leave && passes >= leave.passes;
    if (leave !== undefined && 'timeMs' in leave && liveMs + passMs >= leave.timeMs) {
      const part = passMs === 0 ? 0 : Math.max(0, (leave.timeMs - liveMs) / passMs);
      // What was not sent of this pass is left, and colder than any class.
      state.cold += (1 - part) * sent.bytes;
      state.zeros += (1 - part) * sent.zeroBytes;
      passWire *= part;
      passMs *= part;
      leaving = true;
    }
    liveMs += passMs;
    liveBytes += passWire;
    longestPassMs = Math.max(longestPassMs, passMs);
    if (passes === 1) firstPassMs = passMs;
    const fresh = dirtyAgain(state, classes, passMs * throttle.speed);
    if (leaving) return outcome('left');
    if (pending(state) <= thresholdBytes) return outcome('converged');
    const acted = throttle.period(passMs, fresh, passWire);
    const settled = Math.abs(pending(state) - before) <= SAME * before;
    if (leave === undefined && settled && !acted && throttle.exhausted) return outcome('hovers');
    if (
      passes >= PASSES_LIMIT ||
      liveMs > Math.max(TIME_LIMIT_MS, LEAST_TIMES_FIRST_PASS * firstPassMs)
    ) {
      if (leave === undefined || !settled || passMs <= 0) return outcome('hovers');
      // One pass is like the other until it is left: all but the last of them at once.
      const passesAhead =
        'passes' in leave ? leave.passes - passes : Math.ceil((leave.timeMs - liveMs) / passMs);
      const repeated = Math.max(0, passesAhead - 1);
      passes += repeated;
      liveMs += repeated * passMs;
      liveBytes += repeated * passWire;
    }
    before = pending(state);
  }
}

/** Left to send as whole pages. */
function whole({ unsent, cold }: State): number {
  return unsent.reduce((sum, bytes) => sum + bytes, cold);
}

/** Left to send as QEMU counts it. */
function pending(state: State): number {
  return whole(state) + state.zeros;
}

interface Sent {
  /** Memory that was sent as whole pages. */
  readonly bytes: number;
  readonly zeroBytes: number;
}

/** The first pass: by address, until so much of the end of memory is left. Hot and cold memory lie alike. */
function sendUpTo(state: State, input: PrecopyCase, leftBytes: number): Sent {
  const all = whole(state);
  const left = Math.min(all, input.tailNonZero(leftBytes));
  const share = all === 0 ? 0 : left / all;
  state.cold *= share;
  state.unsent = state.unsent.map((bytes) => bytes * share);
  const zeros = Math.max(0, leftBytes - left);
  const sent = { bytes: all - left, zeroBytes: Math.max(0, state.zeros - zeros) };
  state.zeros = Math.min(state.zeros, zeros);
  return sent;
}

/** Later passes begin with what the one before has left, and so with all that is cold, zeros among it. */
function sendCyclic(state: State, bytes: number): Sent {
  const ahead = state.cold + state.zeros;
  const aheadShare = ahead === 0 ? 0 : Math.min(1, bytes / ahead);
  const coldSent = state.cold * aheadShare;
  const zerosSent = state.zeros * aheadShare;
  const warm = whole(state) - state.cold;
  const warmSent = Math.min(warm, Math.max(0, bytes - ahead));
  state.cold -= coldSent;
  state.zeros -= zerosSent;
  state.unsent = state.unsent.map((unsent) => (warm === 0 ? 0 : unsent * (1 - warmSent / warm)));
  return { bytes: coldSent + warmSent, zeroBytes: zerosSent };
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
