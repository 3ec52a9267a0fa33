/** The idle guest: a booted Debian and nothing else; what a migration costs when nothing is written. */
import type { WorkloadDefinition } from '../types.ts';

export const workload: WorkloadDefinition = {
  id: 'idle',
  title: 'a booted guest without a load',
  description:
    'The booted Debian guest with its agent and no program. Its pre-copy needs one pass, so it shows what a migration costs at least: the memory in use, the device state and the switchover itself. There is no progress to lose and no data to check beyond the guest being alive.',
  parameters: {},
  progressUnit: 'units',
  loop: () => 'none',
  guest: {},
  command: () => undefined,
  minimumGuestMemoryBytes: () => 160 * 1024 * 1024,
  readyTimeoutMs: 10_000,
  verifies: false,
};
