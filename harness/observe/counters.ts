/** Counters read just before `migrate` and just after its end: bytes on the link, processor time of all concerned. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { known } from '../migration/totals.ts';
import type { LinkCounters } from '../sandbox/host.ts';
import { childrenCpu, hostCpu, processCpuSeconds, type HostCpu } from './cpu.ts';
import type { Probe, ProbeContext, ProbeReport } from './probe.ts';

interface Reading {
  readonly link: LinkCounters | undefined;
  readonly host: HostCpu | undefined;
  readonly source: number | undefined;
  readonly destination: number | undefined;
  readonly own: NodeJS.CpuUsage;
  /** The children of this process that are not QEMUs: receiver, client, tc. */
  readonly observers: ReturnType<typeof childrenCpu>;
  /** Monotonic, ms. */
  readonly atMs: number;
}

/** The host was saturated above this, %: source, destination, clients and harness share its processors. */
const SATURATED_PERCENT = 95;

/** How often the harness's own timer is watched, ms. */
const TIMER_MS = 10;
/** A timer that comes so late, ms, was kept from running: garbage collection took up to 12 ms where it was traced. */
const STALLED_MS = 40;

/** wire_bytes, the three processor times and host_cpu_busy_percent; `details`: what watching took, and how late it was. */
export function countersProbe({ stage, source, destination }: ProbeContext): Probe {
  const read = async (): Promise<Reading> => ({
    link: await stage.sandbox.readLinkCounters(),
    host: hostCpu(),
    source: processCpuSeconds(source.process.pid),
    destination: processCpuSeconds(destination.process.pid),
    own: process.cpuUsage(),
    observers: observers(),
    atMs: performance.now(),
  });
  const observers = () => {
    const children = childrenCpu(process.pid);
    for (const { pid } of [source.process, destination.process]) children.delete(pid ?? 0);
    return children;
  };
  const timer = monitorEventLoopDelay({ resolution: TIMER_MS });
  let before: Reading | undefined;
  let after: Reading | undefined;
  return {
    name: 'counters',
    start: () => Promise.resolve(),
    quiet: async () => {
      before = await read();
      timer.enable();
    },
    migrated: async () => {
      timer.disable();
      after = await read();
    },
    stop: () => {
      timer.disable();
      return Promise.resolve();
    },
    report: () => {
      if (before === undefined || after === undefined) return {};
      const report = between(before, after);
      // What is recorded is the time from one turn to the next.
      const late = (nanoseconds: number) => round(Math.max(0, nanoseconds / 1e6 - TIMER_MS));
      const timerLateMs = { p99: late(timer.percentile(99)), longest: late(timer.max) };
      return {
        ...report,
        details: { ...Object(report.details), timerLateMs },
        warnings: [...(report.warnings ?? []), ...stallWarnings(timerLateMs.longest)],
      };
    },
  };
}

/** @param lateMs how late the harness's own timer came at most during the migration. */
export function stallWarnings(lateMs: number): NonNullable<ProbeReport['warnings']> {
  if (lateMs < STALLED_MS) return [];
  return [
    {
      code: 'host-stalled',
      message:
        `The host stood still, or was too busy, for ${lateMs.toFixed(0)} ms of the migration: so late came a timer of migbench itself. ` +
        'Total time and pause may be longer by as much. Repeat on a quieter host, or one that is no virtual machine.',
    },
  ];
}

function between(before: Reading, after: Reading): ProbeReport {
  const hostTotal = difference(after.host?.totalSeconds, before.host?.totalSeconds);
  const hostBusy = difference(after.host?.busySeconds, before.host?.busySeconds);
  const busyPercent =
    hostTotal === undefined || hostTotal === 0 || hostBusy === undefined
      ? undefined
      : Math.min(100, (100 * hostBusy) / hostTotal);
  const microseconds = (usage: NodeJS.CpuUsage) => usage.user + usage.system;
  const ownSeconds = (microseconds(after.own) - microseconds(before.own)) / 1e6;
  return {
    measurements: known({
      wireBytes: difference(sumOfLink(after.link), sumOfLink(before.link)),
      sourceCpuSeconds: difference(after.source, before.source),
      destinationCpuSeconds: difference(after.destination, before.destination),
      harnessCpuSeconds: ownSeconds,
      hostCpuBusyPercent: busyPercent,
    }),
    details: observation(before, after, ownSeconds),
    warnings:
      busyPercent === undefined || busyPercent < SATURATED_PERCENT
        ? []
        : [
            {
              code: 'host-saturated',
              message:
                `The host's processors were ${busyPercent.toFixed(0)} % busy during the migration, so QEMU, guest and ` +
                'observers waited for each other. Use a host with more processors, smaller guests, or pin them (pin).',
            },
          ],
  };
}

/** What watching took of one processor between the readings: this process, and those that it started for it. */
function observation(before: Reading, after: Reading, ownSeconds: number) {
  const seconds: Record<string, number> = { migbench: ownSeconds };
  for (const [pid, { name, seconds: used }] of after.observers) {
    const during = used - (before.observers.get(pid)?.seconds ?? 0);
    seconds[name] = round((seconds[name] ?? 0) + during);
  }
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  const elapsedMs = after.atMs - before.atMs;
  return {
    elapsedMs: round(elapsedMs),
    observerCpuSeconds: seconds,
    observerCpuPercent: round((100_000 * total) / elapsedMs),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

function sumOfLink(link: LinkCounters | undefined): number | undefined {
  return link === undefined ? undefined : link.toDestinationBytes + link.toSourceBytes;
}
