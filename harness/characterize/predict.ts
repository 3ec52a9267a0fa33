/**
 * Predicting a migration from a dirty curve: whether it ends, how long it takes, what it sends and how long the guest
 * stands still, each with an interval. Model and its limits: docs/models.md.
 */
import { classesBeyond, pageClasses, type PageClass } from './classes.ts';
import {
  streamOf,
  type Conditions,
  type HostCosts,
  type Stream,
  type StreamRates,
} from './conditions.ts';
import {
  dirtyFunction,
  isBeyondWindows,
  type DirtyCurve,
  type DirtyFunction,
  type Level,
} from './curve.ts';
import { extrapolations } from './extrapolations.ts';
import { runPrecopy, type PrecopyOutcome } from './precopy-model.ts';
import { rangeOf, type Range } from './range.ts';
import { reasonOf } from './reason.ts';
import { requiredBandwidth, requiredDowntime } from './requirements.ts';
import { tailFunction } from './tail.ts';
import { LINK_PAYLOAD, PAGE_BYTES, PAGE_OVERHEAD, ZERO_PAGE_BYTES } from './wire.ts';

/** What is known of a workload: the parts of a card that a prediction rests on. */
export interface Workload {
  readonly dirtyCurve: DirtyCurve;
  readonly nonZeroBytes: number;
  /** All of the guest's memory. */
  readonly memoryBytes: number;
  readonly compressionRatio?: number | undefined;
  readonly dirtyCompressionRatio?: number | undefined;
  readonly deltaBytesPerDirtyPage?: number | undefined;
  readonly cpuBusyPercent: readonly number[];
  /** Of the last so many bytes of memory, those that are not zero; spread evenly where absent. */
  readonly tails?: readonly { readonly bytes: number; readonly nonZeroBytes: number }[] | undefined;
}

export type Convergence = 'yes' | 'coin flip' | 'no';

export interface Prediction {
  readonly conditions: Conditions;
  readonly convergence: Convergence;
  /** Bandwidth over the bandwidth required for the limit; around 1 the outcome is a coin flip. */
  readonly margin: number;
  readonly requiredBandwidthBitsPerSecond: number;
  /** The downtime at which an endless pre-copy hovers, ms; under a cap that bounds it, at the cap's rate. */
  readonly requiredDowntimeMs: number;
  /** Whether `max-bandwidth`, which does not hold for the last transfer, bounds the rate. */
  readonly isCapped: boolean;
  /** Absent where no variant ends. */
  readonly totalTimeMs?: Range;
  /** On the wire, as QEMU counts them (`ram.transferred`). */
  readonly bytes?: Range;
  readonly downtimeMs?: Range;
  /** As QEMU counts them (`dirty-sync-count`). */
  readonly passes?: Range;
  /** Auto-converge: where the throttle ends. */
  readonly throttlePercent?: Range;
  /** Post-copy: how long pages are fetched while the guest runs on the destination. */
  readonly brownoutMs?: Range;
  /** In words. */
  readonly reason: string;
  /** What lies outside of what was measured; empty where nothing does. */
  readonly extrapolated: readonly string[];
  readonly costs: HostCosts['source'];
}

/** Within these factors of the bandwidth at which the outcome changes, it is a coin flip. */
const COIN_FLIP_BELOW = 0.8;
const COIN_FLIP_ABOVE = 1.25;
/** A link and a host carry this much more or less than they should. */
const RATE_FACTORS = [0.97, 1, 1.03] as const;
/** QEMU's estimate of its own bandwidth swings this much. */
const ESTIMATE_FACTORS = [0.9, 1, 1.1] as const;
/** QEMU counts readings of the bitmap: one before the first pass and one after the guest is stopped, too. */
const OTHER_SYNCS = 2;
/** From this pass on every page was sent before, and is sent as such. */
const LATER_PASS = 3;
const LEVELS: readonly Level[] = ['low', 'median', 'high'];
/** A line through the spread; or an end of it, with what may be beyond the longest window. */
type CurveKind = Level | 'stays' | 'grows';

interface Figures {
  readonly converged: boolean;
  readonly totalTimeMs: number;
  readonly bytes: number;
  readonly downtimeMs: number;
  readonly passes: number;
  readonly throttlePercent: number;
  readonly brownoutMs: number;
  readonly longestPassMs: number;
}

/** Predict one migration. */
export function predict(workload: Workload, conditions: Conditions, costs: HostCosts): Prediction {
  const model = new Model(workload, conditions, costs);
  const { median } = model.dirty;
  const expected = model.run('median', 1, 1);
  const varied = (kinds: readonly CurveKind[]): Figures[] =>
    kinds.flatMap((kind) =>
      RATE_FACTORS.flatMap((rate) =>
        ESTIMATE_FACTORS.map((estimate) => model.run(kind, rate, estimate)),
      ),
    );
  const measured = varied(LEVELS);
  // What is dirtied in a pass longer than all windows is not known: then both ends of what may be count as well.
  const longestPassMs = Math.max(...measured.map((figures) => figures.longestPassMs));
  const isBeyond = isBeyondWindows(median.longestMs, longestPassMs);
  const variants = isBeyond ? [...measured, ...varied(['stays', 'grows'])] : measured;
  const ending = variants.filter(({ converged }) => converged);
  const convergence = convergenceOf(model, expected, isBeyond);
  const wireBitsPerSecond = (model.stream.liveBytesPerSecond * 8) / LINK_PAYLOAD;
  const { shrinkage } = model;
  const required = requiredBandwidth(median, conditions.downtimeLimitMs, shrinkage);
  const requiredDowntimeMs = requiredDowntime(median, wireBitsPerSecond, shrinkage);
  const range = (figure: (figures: Figures) => number): Range =>
    rangeOf(
      ending.map(figure),
      expected.converged ? figure(expected) : undefined,
      ending.length < variants.length,
    );
  const known = ending.length > 0 && convergence !== 'no';
  return {
    conditions,
    convergence,
    margin: required === 0 ? Number.MAX_SAFE_INTEGER : wireBitsPerSecond / required,
    requiredBandwidthBitsPerSecond: required,
    requiredDowntimeMs,
    isCapped: model.isCapped,
    ...(known
      ? {
          totalTimeMs: range(({ totalTimeMs }) => totalTimeMs),
          bytes: range(({ bytes }) => bytes),
          downtimeMs: model.withDevices(range(({ downtimeMs }) => downtimeMs)),
          passes: range(({ passes }) => passes),
          ...(model.stream.throttle === undefined
            ? {}
            : { throttlePercent: range(({ throttlePercent }) => throttlePercent) }),
          ...(model.stream.leaveAfter === undefined
            ? {}
            : { brownoutMs: range(({ brownoutMs }) => brownoutMs) }),
        }
      : {}),
    reason: reasonOf({
      conditions,
      convergence,
      requiredDowntimeMs,
      shrinkage,
      dirtiedBytesPerSecond:
        (median(conditions.downtimeLimitMs) * 1000) / conditions.downtimeLimitMs,
      carriedBytesPerSecond: model.stream.liveBytesPerSecond / model.stream.wireFactor(LATER_PASS),
      throttlePercent: expected.throttlePercent,
      busyPercent: Math.max(0, ...workload.cpuBusyPercent),
      isLinkBound: model.isLinkBound,
      isCapped: model.isCapped,
      brownoutMs: expected.brownoutMs,
    }),
    extrapolated: extrapolations(median, conditions.downtimeLimitMs, longestPassMs),
    costs: costs.source,
  };
}

/** A curve is fitted once, however many predictions rest on it: by its kind and the guest's memory that is not zero. */
const fits = new WeakMap<DirtyCurve, Map<string, readonly PageClass[]>>();

class Model {
  readonly dirty: Readonly<Record<Level, DirtyFunction>>;
  readonly stream: Stream;
  readonly #workload: Workload;
  readonly #costs: HostCosts;
  readonly #conditions: Conditions;
  readonly #windowsMs: readonly number[];
  readonly #fits: Map<string, readonly PageClass[]>;

  constructor(workload: Workload, conditions: Conditions, costs: HostCosts) {
    const { dirtyCurve, nonZeroBytes } = workload;
    const curve = (level: Level) => dirtyFunction(dirtyCurve, nonZeroBytes, level);
    this.dirty = { low: curve('low'), median: curve('median'), high: curve('high') };
    this.stream = streamOf(conditions, costs, {
      ...workload,
      workingSetBytes: this.dirty.median.workingSetBytes,
    });
    this.#windowsMs = dirtyCurve.map(({ windowMs }) => windowMs);
    this.#fits = fits.get(dirtyCurve) ?? new Map();
    fits.set(dirtyCurve, this.#fits);
    this.#workload = workload;
    this.#costs = costs;
    this.#conditions = conditions;
  }

  /** Whether the link, not a cap or the processors, bounds the rate. */
  get isLinkBound(): boolean {
    const { bandwidthBitsPerSecond: bandwidth } = this.#conditions;
    return (
      bandwidth !== 'unlimited' &&
      this.stream.liveBytesPerSecond >= (bandwidth / 8) * LINK_PAYLOAD * 0.999
    );
  }

  /** Whether a cap, not the link or the processors, bounds the rate. */
  get isCapped(): boolean {
    return this.stream.liveBytesPerSecond < this.stream.switchBytesPerSecond;
  }

  /** What dirtied pages take on the wire, of what they take as they are. */
  get shrinkage(): number {
    return this.stream.wireFactor(LATER_PASS) / PAGE_OVERHEAD;
  }

  #classesOf(kind: CurveKind): readonly PageClass[] {
    const key = `${kind} ${this.#workload.nonZeroBytes}`;
    const made =
      this.#fits.get(key) ??
      (kind === 'stays' || kind === 'grows'
        ? classesBeyond(this.dirty[kind === 'stays' ? 'low' : 'high'], this.#windowsMs, kind)
        : pageClasses(this.dirty[kind], this.#windowsMs));
    this.#fits.set(key, made);
    return made;
  }

  run(kind: CurveKind, rate: number, estimate: number): Figures {
    const { nonZeroBytes, memoryBytes } = this.#workload;
    const { switchBytesPerSecond, firstPass, ...stream } = this.stream;
    const varied = ({ liveBytesPerSecond, estimateBytesPerSecond }: StreamRates): StreamRates => ({
      liveBytesPerSecond: liveBytesPerSecond * rate,
      estimateBytesPerSecond: estimateBytesPerSecond * estimate * rate,
    });
    const outcome = runPrecopy({
      ...stream,
      ...varied(stream),
      ...(firstPass === undefined ? {} : { firstPass: varied(firstPass) }),
      nonZeroBytes,
      zeroBytes: Math.max(0, memoryBytes - nonZeroBytes),
      tailNonZero: tailFunction(this.#workload),
      classes: this.#classesOf(kind),
      downtimeLimitMs: this.#conditions.downtimeLimitMs,
      zeroPagesPerSecond: this.#costs.zeroPagesPerSecond,
      socketBytes: this.#costs.socketBytes,
    });
    return this.#figures(outcome, switchBytesPerSecond * rate);
  }

  #figures(outcome: PrecopyOutcome, switchBytesPerSecond: number): Figures {
    const { passes, liveMs, liveBytes, remainingBytes, throttlePercent, longestPassMs, end } =
      outcome;
    const lastBytes =
      remainingBytes * this.stream.wireFactor(passes + 1) +
      (outcome.remainingZeroBytes / PAGE_BYTES) * ZERO_PAGE_BYTES;
    // What QEMU wrote before has to arrive as well.
    const queued = Math.min(this.#costs.socketBytes, liveBytes);
    const lastMs = ((lastBytes + queued) * 1000) / switchBytesPerSecond;
    const isPostcopy = end === 'left';
    return {
      converged: end !== 'hovers',
      totalTimeMs: this.#costs.setupMs + liveMs + lastMs + this.#costs.deviceMs.expected,
      bytes: liveBytes + lastBytes,
      // Without the devices, which have a range of their own.
      downtimeMs: isPostcopy ? 0 : lastMs,
      passes: passes + OTHER_SYNCS,
      ...{ throttlePercent, longestPassMs },
      brownoutMs: isPostcopy ? lastMs : 0,
    };
  }

  withDevices({ low, expected, high }: Range): Range {
    const { deviceMs } = this.#costs;
    return {
      low: low + deviceMs.low,
      expected: expected + deviceMs.expected,
      ...(high === undefined ? {} : { high: high + deviceMs.high }),
    };
  }
}

/**
 * `yes` where it would converge with four fifths of the bandwidth as well, and at the upper end of the spread; `no`
 * where it would not with five quarters, nor at the lower end. Beyond all windows the ends are those of what may be there.
 */
function convergenceOf(model: Model, expected: Figures, isBeyond: boolean): Convergence {
  const ends = (kind: CurveKind, rate = 1) => model.run(kind, rate, 1).converged;
  if (expected.converged) {
    const surely = ends('median', COIN_FLIP_BELOW) && ends('high') && (!isBeyond || ends('grows'));
    return surely ? 'yes' : 'coin flip';
  }
  const perhaps = ends('median', COIN_FLIP_ABOVE) || ends('low') || (isBeyond && ends('stays'));
  return perhaps ? 'coin flip' : 'no';
}
