/** Workloads and helpers of the plan tests: literal definitions, independent of the built-in workloads. */
import type { WorkloadDefinition } from '../../../workloads/types.ts';
import { loadPlan, type LoadedPlan } from '../../../harness/plan/load.ts';
import type { WorkloadLookup } from '../../../harness/plan/resolve-workloads.ts';

const base: Omit<WorkloadDefinition, 'id' | 'title' | 'parameters' | 'minimumGuestMemoryBytes'> = {
  description: 'For tests.',
  progressUnit: 'pages',
  loop: () => 'open',
  guest: {},
  command: () => undefined,
  readyTimeoutMs: 1000,
  verifies: false,
};

const idle: WorkloadDefinition = {
  ...base,
  id: 'idle',
  title: 'Nothing',
  parameters: {},
  minimumGuestMemoryBytes: () => 96 * 2 ** 20,
};

const memoryStress: WorkloadDefinition = {
  ...base,
  id: 'memory-stress',
  title: 'A writer',
  parameters: {
    'working-set': { kind: 'bytes', description: '', default: 32 * 2 ** 20, minimum: 4096 },
    'dirty-rate': {
      kind: 'bytes-per-second',
      description: '',
      default: 10 * 2 ** 20,
      unlimited: true,
    },
    pattern: {
      kind: 'choice',
      description: '',
      default: 'random',
      choices: ['random', 'sequential'],
    },
    threads: { kind: 'count', description: '', default: 1, minimum: 1, maximum: 64 },
    verify: { kind: 'boolean', description: '', default: true },
    pause: { kind: 'duration-ms', description: '', default: 0 },
  },
  minimumGuestMemoryBytes: (parameters) => 128 * 2 ** 20 + Number(parameters['working-set']),
};

const database: WorkloadDefinition = {
  ...base,
  id: 'database',
  title: 'A service',
  parameters: {
    clients: { kind: 'count', description: '', default: 1, minimum: 1 },
    rate: { kind: 'per-second', description: '', default: 100 },
  },
  disk: () => ({ sizeBytes: 2 ** 20 }),
  minimumGuestMemoryBytes: () => 256 * 2 ** 20,
};

const definitions = new Map([idle, memoryStress, database].map((one) => [one.id, one]));

export const workloads: WorkloadLookup = {
  ids: [...definitions.keys()],
  byId: (id) => definitions.get(id),
  byPath: (folder) =>
    folder.endsWith('/own')
      ? Promise.resolve({ definition: { ...idle, id: 'own' }, digest: 'd'.repeat(64) })
      : Promise.reject(new Error('the folder holds no workload.js')),
};

/** A small valid plan; the lines of tests' plans are counted from these. */
export const SMALL = `guest: { memory: 384MiB }
workloads: [idle]
links: [{ bandwidth: 1Gbit/s }]
settings: { precopy: {} }
`;

/** The small plan with one of its parts replaced. */
export const withGuest = (guest: string) => SMALL.replace('{ memory: 384MiB }', guest);
export const withWorkloads = (list: string) => SMALL.replace('[idle]', list);
export const withLink = (link: string) => SMALL.replace('{ bandwidth: 1Gbit/s }', link);
export const withSettings = (settings: string) => SMALL.replace('{ precopy: {} }', settings);

/** Loads a text as `plan.yaml`. */
export const load = (text: string, overrides: readonly string[] = []): Promise<LoadedPlan> =>
  loadPlan({ file: 'plan.yaml', text, overrides, workloads, directory: '/plans' });

/** The first lines of all problems (the excerpts left out); empty where the plan is valid. */
export async function problems(text: string, overrides: readonly string[] = []): Promise<string[]> {
  const message = await load(text, overrides).then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return message
    .split('\n')
    .filter((line) => line !== '' && !/^ *\d* *\| /.test(line) && !/^\d+ problems in/.test(line));
}
