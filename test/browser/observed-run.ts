/**
 * A run that no one measured, with every figure and every kind of sample that probes give: for looking at reports.
 * The same bytes every time.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mulberry32 } from '../../harness/plan/order.ts';
import { timelineFileName, trialFolderName } from '../../harness/record/layout.ts';
import type { Environment, TimelineSample, TrialRecord } from '../../harness/record/schema.ts';
import { DIRTY_BYTES, MEMORY, observedTimeline, type Shape } from './observed-timeline.ts';

const DEADLINE_MS = 60_000;
const START = Date.UTC(2026, 0, 2, 3, 4, 5);

const links = [
  ['200Mbit', 2e8],
  ['1Gbit', 1e9],
] as const;

/** Names may be given in place of the usual ones, to see what becomes of them. */
export interface ObservedOptions {
  readonly repetitions?: number;
  readonly workloads?: readonly string[];
  readonly qemus?: readonly string[];
  /** Between two samples of a kind, ms. */
  readonly stepMs?: number;
}

function shapes(options: ObservedOptions): Shape[] {
  const workloads = options.workloads ?? ['idle', 'memory-stress', 'database'];
  const qemus = options.qemus ?? ['debian:bookworm', 'debian:trixie'];
  return qemus.flatMap((qemu) =>
    workloads.flatMap((workload) =>
      links.flatMap((link) =>
        ['precopy', 'auto-converge', 'postcopy'].map((setting) => ({
          workload,
          setting,
          link,
          qemu,
        })),
      ),
    ),
  );
}

function cellIdOf({ workload, setting, link, qemu }: Shape, place: number): string {
  return `${workload}/${setting}/${link[0]}/1GiB-1cpu/${qemu}~${(0xa0000000 + place).toString(16)}`;
}

interface Drawn {
  readonly record: TrialRecord;
  readonly timeline: readonly TimelineSample[];
}

function trialOf(
  shape: Shape,
  place: number,
  repetition: number,
  position: number,
  stepMs: number,
  random: () => number,
): Drawn {
  const { workload, setting, link, qemu } = shape;
  const around = (middle: number, spread = 0.08) => middle * (1 - spread + 2 * spread * random());
  const busy = workload !== 'idle';
  const postcopy = setting === 'postcopy';
  const fits = DIRTY_BYTES * 8 < link[1];
  const converged = !busy || fits || setting !== 'precopy';
  const version = qemu === 'debian:bookworm' ? 1.15 : 1;
  const sweeps = !busy || postcopy ? 0.45 : setting === 'auto-converge' && !fits ? 1.1 : 0.7;
  const bytes = around(MEMORY * sweeps);
  const totalMs = converged ? (bytes * 8 * 1000 * version) / link[1] : DEADLINE_MS;
  const pauseMs = around(postcopy ? 9 : 90 * version, 0.2);
  const blackoutMs = around(postcopy && busy ? 340 : pauseMs + 14, 0.15);
  const lost = busy
    ? around(postcopy ? 1.4 : setting === 'auto-converge' && !fits ? 4.1 : 0.3)
    : undefined;
  const id = `${String(repetition - 1).padStart(4, '0')}-${String(position).padStart(5, '0')}-${(0xa0000000 + place).toString(16)}`;
  const build = {
    reference: qemu,
    version: qemu === 'debian:bookworm' ? '7.2.22' : '10.0.13',
    package: 'Debian',
  };
  const round = (value: number, digits = 1) => Number(value.toFixed(digits));
  const side = {
    capabilities: { 'postcopy-ram': postcopy, 'auto-converge': setting === 'auto-converge' },
    parameters: { 'max-bandwidth': 'unlimited', 'downtime-limit': 300 },
  };
  const record: TrialRecord = {
    ...{ schemaVersion: 1, runId: 'observed', cellId: cellIdOf(shape, place), trialId: id },
    ...{ block: repetition - 1, position, repetition },
    startedAt: new Date(START + position * 9000).toISOString(),
    labels: { workload, setting, link: link[0], guest: '1GiB-1cpu', qemu },
    workload: {
      id: workload,
      parameters: workload === 'memory-stress' ? { 'dirty-rate': DIRTY_BYTES } : {},
      unit: busy ? 'pages' : '',
      loop: busy ? 'open' : 'none',
    },
    guest: { memoryBytes: MEMORY, vcpus: 1, backend: 'ram', cpu: 'qemu64' },
    ...{ accelerator: 'tcg', machineType: 'pc-i440fx-7.2', transport: 'tcp' },
    ...{ qemu: { source: build, destination: build }, sandboxMode: 'namespaces' },
    link: { bandwidthBitsPerSecond: link[1] },
    windows: { baselineMs: 1000, settleMs: 1000, settleLimitMs: 10_000 },
    deadlineMs: DEADLINE_MS,
    requested: { capabilities: {}, parameters: {} },
    effective: { source: side, destination: side },
    outcome: converged
      ? { kind: 'completed' }
      : { kind: 'not-converged', detail: 'The deadline passed.' },
    expected: true,
    integrity: 'intact',
    measurements: converged
      ? {
          totalTimeMs: Math.round(totalMs),
          setupTimeMs: 6,
          expectedDowntimeMs: 280,
          downtimeMs: Math.round(postcopy ? around(3) : pauseMs * 0.8),
          pauseMs: round(pauseMs),
          switchoverGapMs: round(pauseMs + around(12)),
          blackoutMs: round(blackoutMs),
          blackoutFloorMs: 4.2,
          ...(workload === 'database' ? { serviceOutageMs: round(blackoutMs + around(205)) } : {}),
          transferredBytes: Math.round(bytes),
          wireBytes: Math.round(bytes * 1.045),
          passes: postcopy ? 1 : 4,
          dirtyPagesPerSecond: busy ? Math.round(around(DIRTY_BYTES / 4096)) : 0,
          throughputBitsPerSecond: Math.round(link[1] * 0.95),
          throttleMaxPercent: setting === 'auto-converge' && busy && !fits ? 60 : 0,
          postcopyRequests: postcopy ? Math.round(around(900)) : 0,
          heartbeatPeriodUs: 1000,
          heartbeatJitterP99Ms: 1.31,
          gapsOver100ms: blackoutMs > 100 ? 1 : 0,
          clockStepMs: -0.4,
          ...(busy
            ? {
                workloadBaselinePerSecond: round(around(7680, 0.01)),
                workloadDuringPerSecond: round(around(6900)),
                workloadMinimumPerSecond: 0,
                brownoutMs: Math.round(around(postcopy ? 2600 : 420)),
                workloadLostSeconds: round(lost ?? 0, 2),
              }
            : {}),
          ...(workload === 'database'
            ? {
                serviceP99BaselineMs: round(around(9.2), 2),
                serviceP99DuringMs: round(around(61), 2),
                serviceErrors: 0,
              }
            : {}),
          sourceCpuSeconds: round(around(totalMs / 1400), 2),
          destinationCpuSeconds: round(around(totalMs / 2300), 2),
          harnessCpuSeconds: 0.06,
          hostCpuBusyPercent: 71,
        }
      : {
          transferredBytes: Math.round((link[1] / 8) * (DEADLINE_MS / 1000)),
          passes: 31,
          dirtyPagesPerSecond: DIRTY_BYTES / 4096,
        },
    overheadMs: {},
    warnings: [],
    artifacts: { timeline: timelineFileName(id) },
  };
  return {
    record,
    timeline: observedTimeline(shape, Math.round(totalMs), pauseMs, blackoutMs, stepMs, random),
  };
}

/** Write the run directory; returns its records. */
export async function writeObservedRun(
  directory: string,
  options: ObservedOptions = {},
): Promise<readonly TrialRecord[]> {
  const { repetitions = 6, stepMs = 100 } = options;
  const random = mulberry32(7);
  const all = shapes(options);
  const trials: Drawn[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const [place, shape] of all.entries())
      trials.push(trialOf(shape, place, repetition, trials.length, stepMs, random));
  }
  const calibration = (atMs: number, medianMs: number) => ({
    at: new Date(START + atMs).toISOString(),
    tasks: [{ name: 'copy 8 MiB', medianMs, madMs: 0.01, iterations: 200 }],
  });
  const environment: Environment = {
    ...{ schemaVersion: 1, runId: 'observed', migbench: '0.1.0', node: '20.20.2' },
    ...{
      startedAt: new Date(START).toISOString(),
      planName: 'observed',
      planHash: '9f86d081884c7d65',
    },
    ...{ seed: 7, repetitions, thresholds: [], plannedTrials: trials.length },
    host: {
      kernel: '6.1.0',
      cpuModel: 'Example CPU',
      cpus: 2,
      memoryBytes: 8 * 1024 ** 3,
      distribution: 'Debian GNU/Linux 12 (bookworm)',
    },
    ...{ sandboxMode: 'namespaces', guestNetwork: 'tap', notes: [] },
    accelerators: [{ qemu: 'debian:trixie', chosen: 'tcg', reason: '/dev/kvm does not exist' }],
    qemu: [
      {
        reference: 'debian:trixie',
        version: '10.0.13',
        package: 'Debian',
        sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
    ],
    image: { key: '0123456789abcdef', kernel: '6.12.57-amd64', suite: 'bookworm' },
    calibrations: [calibration(0, 0.17), calibration(900_000, 0.18), calibration(1_900_000, 0.17)],
    overrides: [`repetitions=${repetitions}`],
  };
  const plan = {
    ...{ schemaVersion: 1, name: 'observed', repetitions, seed: 7, thresholds: [] },
    cells: all.map((shape, place) => ({
      id: cellIdOf(shape, place),
      labels: trials[place]!.record.labels,
    })),
  };
  await mkdir(directory, { recursive: true });
  const json = (value: unknown) => `${JSON.stringify(value)}\n`;
  await writeFile(join(directory, 'plan.yaml'), '');
  await writeFile(join(directory, 'plan.resolved.json'), json(plan));
  await writeFile(join(directory, 'environment.json'), json(environment));
  await writeFile(
    join(directory, 'trials.jsonl'),
    trials.map(({ record }) => json(record)).join(''),
  );
  for (const { record, timeline } of trials) {
    await mkdir(join(directory, trialFolderName(record.trialId)), { recursive: true });
    await writeFile(join(directory, timelineFileName(record.trialId)), timeline.map(json).join(''));
  }
  return trials.map(({ record }) => record);
}
