/** Every probe that a trial carries, one factory each. The events of both QEMUs are the driver's own and always on. */
import { countersProbe } from './counters.ts';
import type { ProbeFactory } from './probe.ts';

export const probeFactories: readonly ProbeFactory[] = [countersProbe];
