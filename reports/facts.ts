/** What the figures of a run hold for: host, builds, plan, as name and value pairs. */
import type { Run } from '../harness/record/reader.ts';
import { formatBytes } from '../harness/units.ts';
import { qemuName } from './settings.ts';

/** Name and value, plain text. */
export type Fact = readonly [name: string, value: string];

/** In the order in which a reader asks. */
export function runFacts(run: Run): readonly Fact[] {
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
      `${qemuName(qemu)}, sha256 ${qemu.sha256.slice(0, 16)}`,
    ]),
    ...environment.accelerators.map(({ qemu, chosen, reason }): Fact => [
      `Accelerator of ${qemu}`,
      reason === undefined ? chosen.toUpperCase() : `${chosen.toUpperCase()} (${reason})`,
    ]),
    ['Guest image', `Debian ${image.suite}, Linux ${image.kernel}, ${image.key}`],
    ['Software', `migbench ${environment.migbench}, Node ${environment.node}`],
  ];
}
