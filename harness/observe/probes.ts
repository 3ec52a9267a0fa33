/** Every probe that a trial carries, one factory each. The events of both QEMUs are the driver's own and always on. */
import { countersProbe } from './counters.ts';
import type { ProbeFactory } from './probe.ts';
import { threadsProbe } from './threads.ts';
import { wireProbe } from './wire.ts';

export const probeFactories: readonly ProbeFactory[] = [countersProbe, threadsProbe, wireProbe];
