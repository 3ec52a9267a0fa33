/** What the figures of a run hold for: host, builds, plan, as name and value pairs. */
import type { Run } from '../harness/record/reader.ts';
import { formatBytes, formatDuration } from '../harness/units.ts';
import { escapeTerminal } from './escape.ts';
import { qemuName } from './settings.ts';

/** Name and value, plain text. */
export type Fact = readonly [name: string, value: string];

/** Median times of the small tasks that tell hosts apart, at the beginning of the run and at its end. */
function calibrationText(calibrations: Run['environment']['calibrations']): string {
  const first = calibrations[0];
  const last = calibrations.at(-1);
  const tasks = (first?.tasks ?? []).map(({ name, medianMs }) => {
    const later = last?.tasks.find((task) => task.name === name)?.medianMs;
    const end = later === undefined || last === first ? '' : ` → ${formatDuration(later)}`;
    return `${name} ${formatDuration(medianMs)}${end}`;
  });
  return `${tasks.join(', ')} (${calibrations.length} times)`;
}

/**
 * The command that runs the same plan again, to be given in the run directory: plan.yaml is as its author wrote it.
 * One line; a plan with workloads or builds by relative path must be where it was.
 */
export function reproduceCommand({ environment }: Pick<Run, 'environment'>): string {
  const changes = (environment.overrides ?? []).flatMap((change) => ['--set', change]);
  const only = environment.only === undefined ? [] : ['--only', environment.only];
  const words = ['migbench', 'run', 'plan.yaml', ...changes, ...only];
  return escapeTerminal(words.map(shellWord).join(' '));
}

/** Quoted where a shell would take it apart. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** In the order in which a reader asks. */
export function runFacts(run: Pick<Run, 'environment'>): readonly Fact[] {
  const { environment } = run;
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
    ...environment.accelerators.map(({ qemu, chosen, reason }): Fact => [
      `Accelerator of ${qemu}`,
      reason === undefined ? chosen.toUpperCase() : `${chosen.toUpperCase()} (${reason})`,
    ]),
    ['Guest image', `Debian ${image.suite}, Linux ${image.kernel}, ${image.key}`],
    ...(environment.calibrations.length === 0
      ? []
      : [['Calibration', calibrationText(environment.calibrations)] as const]),
    ['Software', `migbench ${environment.migbench}, Node ${environment.node}`],
  ];
}
