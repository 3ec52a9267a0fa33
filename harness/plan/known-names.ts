/**
 * Names of capabilities and parameters of QEMU 5.2 to 11.1, for "did you mean" alone: what a build has is asked. A name
 * that is not here is worth a warning, since it is either a slip or of a QEMU newer than all of these.
 */
import { PARAMETER_DIMENSIONS } from '../qmp/parameters.ts';
import { nearestName } from './nearest.ts';
import type { PlanPath, PlanProblem } from './problems.ts';

const CAPABILITIES: readonly string[] = [
  ...['auto-converge', 'background-snapshot', 'block', 'compress', 'dirty-bitmaps', 'dirty-limit'],
  ...['events', 'late-block-activate', 'mapped-ram', 'multifd', 'pause-before-switchover'],
  ...['postcopy-blocktime', 'postcopy-preempt', 'postcopy-ram', 'rdma-pin-all', 'release-ram'],
  ...['return-path', 'switchover-ack', 'validate-uuid', 'x-colo', 'x-ignore-shared', 'xbzrle'],
  ...['zero-blocks', 'zero-copy-send'],
];

/** Warnings for the names of one `capabilities` or `parameters` mapping that none of these builds has. */
export function unknownNames(
  kind: 'capability' | 'parameter',
  names: readonly string[],
  path: PlanPath,
): PlanProblem[] {
  const known = kind === 'capability' ? CAPABILITIES : [...PARAMETER_DIMENSIONS.keys()];
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const suggestion = nearestName(name, known);
      const reason = `no QEMU from 5.2 to 11.1 has a migration ${kind} "${name}"; the builds of the plan will be asked`;
      return {
        ...{ path: [...path, name], atKey: true, reason },
        ...(suggestion === undefined ? {} : { suggestion }),
      };
    });
}
