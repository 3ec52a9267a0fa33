/** What the figures of a run hold for: host, builds, plan, as name and value pairs. */
import { z } from 'zod';
import { medianOf } from '../harness/analysis/numbers.ts';
import { distinctThresholds } from '../harness/analysis/threshold.ts';
import type { Run } from '../harness/record/reader.ts';
import type { TrialRecord } from '../harness/record/schema.ts';
import { formatBytes, formatDuration, formatPercent } from '../harness/units.ts';
import { escapeTerminal } from './escape.ts';
import { groupsOf } from './groups.ts';
import { qemuName } from './settings.ts';

/** Name and value, and what only those want to read who ask: all plain text. */
export type Fact = readonly [name: string, value: string, details?: readonly string[]];

/** A fact with all that there is to it, on one line. */
export function factText([, value, details = []]: Fact): string {
  return [value, ...details].join('. ');
}

/** Median times of the small tasks that tell hosts apart, at the beginning of the run and at its end. */
function calibrationText(calibrations: Run['environment']['calibrations']): string {
  const first = calibrations[0];
  const last = calibrations.at(-1);
  const tasks = (first?.tasks ?? []).map(({ name, medianMs }) => {
    const later = last?.tasks.find((task) => task.name === name)?.medianMs;
    const end = later === undefined || last === first ? '' : ` → ${formatDuration(later)}`;
    return `${name} ${formatDuration(medianMs)}${end}`;
  });
  const times = calibrations.length === 1 ? 'once' : `${calibrations.length} times`;
  return `${tasks.join(', ')} (${times})`;
}

/**
 * The command that runs the same plan again, to be given in the run directory: plan.yaml is as its author wrote it.
 * One line; a plan with workloads or builds by relative path must be where it was.
 */
export function reproduceCommand({ environment }: Pick<Run, 'environment'>): string {
  const { only, untilPrecision, aa = false, thresholds } = environment;
  // The last change of an A/A run is what --aa made of the repetitions.
  const overrides = aa ? environment.overrides?.slice(0, -1) : environment.overrides;
  const builds = environment.base === undefined ? undefined : comparedBuilds(environment);
  const changes = (overrides ?? []).flatMap((change) =>
    builds !== undefined && change.startsWith(QEMU_OVERRIDE) ? [] : ['--set', change],
  );
  const words = [
    ...['migbench', ...(builds === undefined ? ['run'] : ['regress', ...builds, '--plan'])],
    ...['plan.yaml', ...changes],
    ...(aa ? ['--aa'] : []),
    ...(only === undefined ? [] : ['--only', only]),
    ...(untilPrecision === undefined ? [] : ['--until-precision', percentText(untilPrecision)]),
    // The plan's own among them are not held to twice.
    ...distinctThresholds(thresholds).flatMap((text) => ['--threshold', text]),
  ];
  return escapeTerminal(words.map(shellWord).join(' '));
}

/** How `regress` puts its builds into a plan. */
const QEMU_OVERRIDE = 'qemu=';

const percentText = (fraction: number): string => `${Number((fraction * 100).toPrecision(4))}%`;

/** The flags of `regress` that name its builds; `undefined` where the record does not say. */
function comparedBuilds({
  overrides = [],
  bootedBy,
}: Run['environment']): readonly string[] | undefined {
  const text = overrides.find((change) => change.startsWith(QEMU_OVERRIDE));
  const builds: unknown = text === undefined ? [] : JSON.parse(text.slice(QEMU_OVERRIDE.length));
  const [base, candidate, ...cross]: readonly unknown[] = Array.isArray(builds) ? builds : [];
  if (typeof base !== 'string' || typeof candidate !== 'string') return undefined;
  return [
    ...['--base', base, '--candidate', candidate],
    ...(cross.length === 0 ? [] : ['--pairs', 'cross']),
    ...(bootedBy === undefined ? ['--guests', 'own'] : []),
  ];
}

/** Quoted where a shell would take it apart. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** One fact for all builds that used the same; QEMU's words on why it was not KVM can be long. */
function acceleratorFacts(accelerators: Run['environment']['accelerators']): readonly Fact[] {
  const groups = groupsOf(accelerators, ({ chosen }) => chosen);
  return [...groups].map(([chosen, builds]) => {
    const name = chosen.toUpperCase();
    const reasons = groupsOf(
      builds.filter(({ reason }) => reason !== undefined),
      ({ reason = '' }) => reason,
    );
    return [
      'Accelerator',
      groups.size === 1 ? name : `${name} for ${builds.map(({ qemu }) => qemu).join(', ')}`,
      [...reasons].map(
        ([reason, members]) =>
          `Why not KVM for ${members.map(({ qemu }) => qemu).join(', ')}: ${reason}`,
      ),
    ];
  });
}

/** What is read of a trial's details; a record of an older migbench may have less. */
const watchingSchema = z.object({
  counters: z.object({ observerCpuPercent: z.number().optional() }).optional(),
  heartbeat: z.object({ periodUs: z.number(), costPercent: z.number().optional() }).optional(),
});

/** `5 ms`, or `5 ms to 20 ms`. */
function rangeOf(values: readonly number[], format: (value: number) => string): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(format);
  return low === high ? `${low}` : `${low} to ${high}`;
}

/**
 * What it took to watch: of the host by all observers during a migration, and of the guests by their heartbeats, as
 * measured in this run. Empty where nothing was measured.
 */
function observerFact(records: readonly TrialRecord[]): readonly Fact[] {
  const watched = records.flatMap(({ details }) => watchingSchema.safeParse(details).data ?? []);
  const host = watched.flatMap(({ counters }) => counters?.observerCpuPercent ?? []);
  const beats = watched.flatMap(({ heartbeat }) => heartbeat ?? []);
  const periods = beats.map(({ periodUs }) => periodUs / 1000);
  const costs = beats.flatMap(({ costPercent }) => costPercent ?? []);
  const parts = [
    host.length === 0
      ? ''
      : `${formatPercent(medianOf(host))} of a processor during a migration (median; most ${formatPercent(Math.max(...host))})`,
    periods.length === 0
      ? ''
      : `a heartbeat every ${rangeOf(periods, formatDuration)}` +
        (costs.length === 0
          ? ''
          : `, which costs ${rangeOf(costs, formatPercent)} of the workload’s throughput (of a processor where it has none)`),
  ].filter((part) => part !== '');
  return parts.length === 0 ? [] : [['Observers', parts.join('; ')]];
}

/** In the order in which a reader asks. */
export function runFacts(
  run: Pick<Run, 'environment'> & Partial<Pick<Run, 'records'>>,
): readonly Fact[] {
  const { environment, records = [] } = run;
  const { host, image } = environment;
  return [
    ['Run', environment.runId],
    ['Started', environment.startedAt],
    [
      'Plan',
      `${environment.planName} (${environment.planHash}), seed ${environment.seed}, ${environment.repetitions} repetitions, ${environment.plannedTrials} trials`,
    ],
    [
      'Host',
      `${host.cpuModel}, ${host.cpus} CPUs, ${formatBytes(host.memoryBytes)}, ${host.distribution}, Linux ${host.kernel}`,
    ],
    [
      'Sandbox',
      `${environment.sandboxMode}, guests reach the client through ${environment.guestNetwork === 'tap' ? 'a tap on the service bridge' : "QEMU's user-mode network"}`,
    ],
    ...environment.qemu.map((qemu): Fact => [
      `QEMU ${qemu.reference}`,
      `${qemuName(qemu)}, sha256 ${qemu.sha256}`,
    ]),
    ...acceleratorFacts(environment.accelerators),
    ...(environment.bootedBy === undefined
      ? []
      : [['Guests', `booted and saved by ${environment.bootedBy}, for all builds`] as const]),
    ...(environment.untilPrecision === undefined
      ? []
      : [
          [
            'Precision',
            `blocks until ±${percentText(environment.untilPrecision)}, or a time limit`,
          ] as const,
        ]),
    ['Guest image', `Debian ${image.suite}, Linux ${image.kernel}, ${image.key}`],
    ...(environment.calibrations.length === 0
      ? []
      : [['Calibration', calibrationText(environment.calibrations)] as const]),
    ...observerFact(records),
    ['Software', `migbench ${environment.migbench}, Node ${environment.node}`],
  ];
}
