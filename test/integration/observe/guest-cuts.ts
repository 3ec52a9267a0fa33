/**
 * Ground truth for the heartbeat of a real guest in a real migration: the service network is cut for known times while
 * the guest's memory is sent, and the trial's own timeline says how long it was not heard.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openToolbox } from '../../../harness/debian/toolbox.ts';
import { hostProgram } from '../../../harness/sandbox/process.ts';
import { RunningProcess } from '../../../harness/sandbox/running.ts';
import {
  Cli,
  eventually,
  fixturePlan,
  isReceiving,
  measuringProcessOf,
  recordsOf,
} from '../run/cli.ts';
import { migrationUnderWay } from '../run/runs.ts';

/** One cut; all in ms. */
export interface GuestCut {
  readonly askedMs: number;
  /** It lasted for at least and at most this long, as the injector saw it. */
  readonly leastMs: number;
  readonly mostMs: number;
  /** The gap of the heartbeat, less its period; NaN where there was none at that time. */
  readonly heartbeatMs: number;
}

/** As in the plan. */
export const HEARTBEAT_PERIOD_MS = 5;
/** How far the heartbeat may be from the cut beyond its period, ms. */
export const HEARTBEAT_TOLERANCE_MS = 5;
/** Beats before the first cut, ms: the longest gap of that time must not be taken for it. */
const BEFORE_MS = 500;
/** Between two cuts, ms. */
const MARGIN_MS = 300;
/** A gap of this part of a cut's length may be that cut. */
const LONG_FRACTION = 0.8;
/** The timeline leaves out gaps as short as the longest of the baseline: one of this part of a cut may hide it. */
const HIDING_FRACTION = 0.9;

interface Injected {
  readonly askedMs: number;
  readonly leastMs: number;
  readonly mostMs: number;
  /** Monotonic: it began and ended within these. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** CLOCK_MONOTONIC, ms. */
const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

/** `ip` inside the network in which the guest's clients live: one process for all cuts, so that their edges are sharp. */
class Cutter implements AsyncDisposable {
  readonly #ip: RunningProcess;
  readonly #answers: AsyncIterator<string>;

  private constructor(ip: RunningProcess) {
    this.#ip = ip;
    this.#answers = createInterface({ input: ip.stdout! })[Symbol.asyncIterator]();
  }

  /** @param pid a process that lives in that network. */
  static async of(pid: number): Promise<Cutter> {
    const { file, args } = (await openToolbox(['ip'], {})).program('ip');
    const enter = [
      '--net',
      ...(process.getuid?.() === 0 ? [] : ['--user', '--preserve-credentials']),
    ];
    const cutter = new Cutter(
      RunningProcess.start(
        hostProgram('nsenter'),
        [`--target=${pid}`, ...enter, file, ...args, '-oneline', '-batch', '-'],
        { pipes: true },
      ),
    );
    await cutter.#separate();
    return cutter;
  }

  /**
   * A bridge has the address of one of its ports, and a port that is out of its bridge would still take what is sent to
   * that: the bridge keeps the address, and the port gets another one.
   */
  async #separate(): Promise<void> {
    const address = /link\/ether (\S+)/u.exec(await this.#answer('link show dev svc'))?.[1];
    if (address === undefined) throw new Error('the service bridge has no address');
    this.#ip.stdin?.write(`link set dev svc address ${address}\n`);
    await this.#answer('link set dev svc-src address 02:00:00:00:00:77\nlink show dev lo');
  }

  async #answer(command: string): Promise<string> {
    this.#ip.stdin?.write(`${command}\n`);
    const { done, value } = await this.#answers.next();
    if (done === true) throw new Error(`ip refused ${command}`);
    return value;
  }

  /** The port of the source's network is taken out of the bridge, and put back. */
  async cut(askedMs: number): Promise<Injected> {
    const down = await this.#switch('nomaster');
    await sleep(askedMs);
    const up = await this.#switch('master svc');
    return {
      askedMs,
      leastMs: up.fromMs - down.toMs,
      mostMs: up.toMs - down.fromMs,
      fromMs: down.fromMs,
      toMs: up.toMs,
    };
  }

  async #switch(port: string): Promise<{ fromMs: number; toMs: number }> {
    const fromMs = monotonicMs();
    await this.#answer(`link set dev svc-src ${port}\nlink show dev lo`);
    return { fromMs, toMs: monotonicMs() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ip[Symbol.asyncDispose]();
  }
}

/**
 * Cut the network of a migrating guest for each of the lengths, `readings` times, by turns; once more where the host
 * stood still before the migration for as long as the shortest of them, which hides its gaps.
 *
 * @param bandwidth of the migration link, slow enough for all of them.
 * @param out the run directory.
 */
export async function cutGuest(
  lengthsMs: readonly number[],
  readings: number,
  bandwidth: string,
  out: string,
): Promise<readonly GuestCut[]> {
  const { cuts, floorMs } = await cutOnce(lengthsMs, readings, bandwidth, out);
  if (floorMs < HIDING_FRACTION * Math.min(...lengthsMs)) return cuts;
  return (await cutOnce(lengthsMs, readings, bandwidth, `${out}-again`)).cuts;
}

async function cutOnce(
  lengthsMs: readonly number[],
  readings: number,
  bandwidth: string,
  out: string,
): Promise<{ readonly cuts: readonly GuestCut[]; readonly floorMs: number }> {
  await using cli = await Cli.start([
    ...['run', fixturePlan('cuts'), '--out', out],
    ...['--set', `links.0.bandwidth=${bandwidth}`],
  ]);
  const destination = await migrationUnderWay(cli);
  const measuring = await eventually('the measuring process', () => measuringProcessOf(cli));
  const injected: Injected[] = [];
  {
    await using cutter = await Cutter.of(measuring);
    await sleep(BEFORE_MS);
    for (let reading = 0; reading < readings; reading++) {
      for (const askedMs of lengthsMs) {
        injected.push(await cutter.cut(askedMs));
        await sleep(MARGIN_MS);
      }
    }
  }
  if (!isReceiving(destination)) throw new Error('The migration was over before the last cut.');
  const ended = await cli.ended();
  const [record] = recordsOf(out);
  if (ended.exitCode !== 0 || record?.outcome.kind !== 'completed') {
    throw new Error(`The run ended with ${JSON.stringify(record?.outcome)}: ${ended.stderr}`);
  }
  return {
    cuts: matched(injected, gapsOf(join(out, record.artifacts['timeline'] ?? ''))),
    floorMs: record.measurements.blackoutFloorMs ?? Infinity,
  };
}

interface Gap {
  /** Since `migrate`. */
  readonly atMs: number;
  readonly gapMs: number;
}

function gapsOf(timeline: string): Gap[] {
  return readFileSync(timeline, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; atMs: number; values?: { gapMs?: number } })
    .filter(({ kind }) => kind === 'heartbeat')
    .map(({ atMs, values }) => ({ atMs, gapMs: values?.gapMs ?? 0 }));
}

/** For how long a cut and a gap are at the same time, ms; negative where they are apart. */
function sharedMs(cut: Injected, gap: Gap, distanceMs: number): number {
  const fromMs = Math.max(cut.fromMs + distanceMs, gap.atMs);
  return Math.min(cut.toMs + distanceMs, gap.atMs + gap.gapMs) - fromMs;
}

/**
 * The timeline's clock begins with `migrate`, that of the cuts does not. Of all distances at which a cut begins with a
 * gap, the right one is that at which cuts and gaps share most time.
 */
function matched(injected: readonly Injected[], gaps: readonly Gap[]): GuestCut[] {
  const shortestMs = Math.min(...injected.map(({ askedMs }) => askedMs));
  const long = gaps.filter(({ gapMs }) => gapMs >= LONG_FRACTION * shortestMs);
  const [best] = injected
    .flatMap(({ fromMs }) => long.map(({ atMs }) => atMs - fromMs))
    .map((distanceMs) => ({
      distanceMs,
      allMs: injected.reduce(
        (sum, cut) => sum + Math.max(0, ...long.map((gap) => sharedMs(cut, gap, distanceMs))),
        0,
      ),
    }))
    .sort((one, other) => other.allMs - one.allMs);
  return injected.map((cut) => {
    const own = gaps.filter((gap) => sharedMs(cut, gap, best?.distanceMs ?? NaN) > 0);
    const heartbeatMs = own.length === 0 ? NaN : Math.max(...own.map(({ gapMs }) => gapMs));
    const { askedMs, leastMs, mostMs } = cut;
    return { askedMs, leastMs, mostMs, heartbeatMs };
  });
}

/** Part of the readings of a length that are within a period and 5 ms of the cut. */
export function shareOfHeartbeats(cuts: readonly GuestCut[], askedMs: number): number {
  const slackMs = HEARTBEAT_PERIOD_MS + HEARTBEAT_TOLERANCE_MS;
  const own = cuts.filter((cut) => cut.askedMs === askedMs);
  const right = own.filter(
    ({ heartbeatMs, leastMs, mostMs }) =>
      heartbeatMs >= leastMs - slackMs && heartbeatMs <= mostMs + slackMs,
  );
  return right.length / own.length;
}
