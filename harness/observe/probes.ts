/** Every probe that a trial carries, one factory each. The events of both QEMUs are the driver's own and always on. */
import { clockProbe } from './clock.ts';
import { countersProbe } from './counters.ts';
import { heartbeatProbe } from './heartbeat.ts';
import type { CellSpec } from '../plan/types.ts';
import type { ProbeFactory } from './probe.ts';
import { serviceProbe } from './service.ts';
import { threadsProbe } from './threads.ts';
import { wireProbe } from './wire.ts';

const all: readonly ProbeFactory[] = [
  clockProbe,
  countersProbe,
  heartbeatProbe,
  serviceProbe,
  threadsProbe,
  wireProbe,
];

/** The factories that a cell's trials use. */
export function probeFactories({ probes }: Pick<CellSpec, 'probes'>): readonly ProbeFactory[] {
  return probes.others === false ? [] : all;
}
