/** What killed the measuring process: the kernel says only that something did, and how often memory ran out. */
import { readFileSync } from 'node:fs';
import { MigbenchError } from '../errors.ts';
import { availableMemoryBytes } from '../host.ts';
import { formatBytes } from '../units.ts';

/**
 * How many processes this host has killed for want of memory since it booted, those of a container's limit included;
 * `undefined` where the kernel does not count (before 4.13).
 */
export function outOfMemoryKills(
  vmstat: string = readFileSync('/proc/vmstat', 'utf8'),
): number | undefined {
  const found = /^oom_kill (?<count>\d+)$/mu.exec(vmstat)?.groups?.['count'];
  return found === undefined ? undefined : Number(found);
}

/** What is known when the measuring process has been killed. */
export interface Killing {
  /** `SIGKILL`, or the exit code that stands for it. */
  readonly how: string;
  /** `outOfMemoryKills` before it was started, and after its end. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly availableBytes?: number;
}

/** The error of a run whose measuring process was killed: no defect of ours, but something this host did. */
export function killedError({ how, before, after, availableBytes }: Killing): MigbenchError {
  const free = formatBytes(availableBytes ?? availableMemoryBytes());
  const goOn = 'What was recorded is kept; go on with --resume.';
  const isCounted = before !== undefined && after !== undefined;
  const ranOut = isCounted && after > before;
  const cause = ranOut
    ? `This host ran out of memory meanwhile and killed ${after - before} of its processes (dmesg names them). ` +
      `A guest's memory is needed twice; now, with the guests gone, ${free} is available. Use smaller guests ` +
      '(--set guest.memory=…), end what else uses memory, or raise the limit of the container.'
    : `${isCounted ? 'This host did not run out of memory meanwhile, so somebody or a service manager' : 'Somebody, or a host without memory (see dmesg),'} ` +
      `sent it that signal; ${free} is available now.`;
  return new MigbenchError(
    'host-unfit',
    `The measuring process was killed (${how}), and its guests with it. ${cause} ${goOn}`,
  );
}
