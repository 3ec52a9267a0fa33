/** `migbench workloads`: list the workloads, or describe one with its parameters. */
import type { CommandModule } from 'yargs';
import { MigbenchError } from '../errors.ts';
import type { LoadedWorkload } from '../../workloads/registry.ts';
import type { WorkloadDefinition } from '../../workloads/types.ts';
import { printJson, tableText, wrapText } from './output.ts';
import { textWidth } from './text-width.ts';

interface WorkloadsArguments {
  readonly workload?: string | undefined;
  readonly json: boolean;
}

/** Whether the word is a path rather than an id: ids have neither a slash nor a dot. */
function isPath(word: string): boolean {
  return /[./]/u.test(word);
}

async function find(word: string): Promise<LoadedWorkload> {
  const { builtInWorkload, builtInWorkloads, loadWorkload } =
    await import('../../workloads/registry.ts');
  if (isPath(word)) return loadWorkload(word);
  const known = builtInWorkload(word);
  if (known !== undefined) return known;
  const { nearestName } = await import('../plan/nearest.ts');
  const ids = builtInWorkloads.map(({ definition }) => definition.id);
  const guess = nearestName(word, ids);
  throw new MigbenchError(
    'usage',
    `There is no workload "${word}": expected one of ${ids.join(', ')}, or the path of a folder (./my-workload).` +
      (guess === undefined ? '' : ` Did you mean ${guess}?`),
  );
}

/** The definition as data: what depends on the parameters is given for their defaults. */
async function describe(definition: WorkloadDefinition) {
  const { defaultParameters } = await import('../plan/workload-parameters.ts');
  const { id, title, description, parameters, progressUnit, verifies, guest } = definition;
  const defaults = defaultParameters(parameters);
  return {
    ...{ id, title, description, progressUnit, loop: definition.loop(defaults), verifies },
    minimumGuestMemoryBytes: definition.minimumGuestMemoryBytes(defaults),
    packages: guest.packages ?? [],
    parameters,
  };
}

const loops = {
  open: 'open (keeps a schedule and catches up after a stall)',
  closed: 'closed (the next step waits for the last)',
  none: 'none (there is no load)',
} as const;

async function page(definition: WorkloadDefinition): Promise<string> {
  const { formatWorkloadParameter } = await import('../plan/workload-parameters.ts');
  const { formatBytes } = await import('../units.ts');
  const described = await describe(definition);
  const width = textWidth();
  const memory = formatBytes(described.minimumGuestMemoryBytes);
  const facts = [
    `progress  ${described.progressUnit} per second`,
    `loop      ${loops[described.loop]}`,
    `verify    ${described.verifies ? 'yes: its data is checked after every migration' : 'no: integrity is "unchecked"'}`,
    `memory    at least ${memory} per guest`,
    ...(described.packages.length === 0
      ? []
      : [`packages  ${described.packages.join(', ')} in the guest`]),
  ];
  const parameters = Object.entries(definition.parameters).map(([name, parameter]) => {
    const written = (value: number | string | boolean) => formatWorkloadParameter(parameter, value);
    const { kind, minimum, maximum, choices, unlimited } = parameter;
    const range = [
      ...(choices === undefined ? [] : [choices.join(' | ')]),
      ...(kind === 'boolean' ? ['true | false'] : []),
      ...(minimum === undefined ? [] : [`from ${written(minimum)}`]),
      ...(maximum === undefined ? [] : [`to ${written(maximum)}`]),
      ...(unlimited === true ? ['or unlimited'] : []),
    ].join(' ');
    const head = `  ${name}: ${written(parameter.default)}${range === '' ? '' : `  (${range})`}`;
    return `${head}\n${wrapText(parameter.description, width, '      ')}`;
  });
  return [
    `${definition.id}: ${definition.title}\n`,
    wrapText(definition.description, width),
    facts.map((fact) => `${fact}\n`).join(''),
    parameters.length === 0
      ? 'It has no parameters.\n'
      : `Parameters, with their defaults:\n${parameters.join('')}`,
  ].join('\n');
}

async function list(json: boolean): Promise<void> {
  const { builtInWorkloads } = await import('../../workloads/registry.ts');
  const described = await Promise.all(
    builtInWorkloads.map(({ definition }) => describe(definition)),
  );
  if (json) return printJson(described);
  const table = await tableText(
    [{ title: 'workload' }, { title: 'progress' }, { title: 'loop' }, { title: 'what it is' }],
    described.map(({ id, progressUnit, loop, title }) => [id, progressUnit, loop, title]),
  );
  process.stdout.write(`${table}\nParameters and units: migbench workloads ID\n`);
}

export const workloadsCommand: CommandModule<object, WorkloadsArguments> = {
  command: 'workloads [workload]',
  describe: 'List the workloads, or describe one with its parameters and units',
  builder: (parser) =>
    parser
      .positional('workload', {
        type: 'string',
        describe: 'A workload’s id, or the path of a folder of your own',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 workloads', 'All workloads')
      .example('$0 workloads memory-stress', 'One, with its parameters')
      .example('$0 workloads ./my-workload', 'One of your own, checked'),
  handler: async ({ workload, json }) => {
    if (workload === undefined) return list(json);
    const { definition } = await find(workload);
    if (json) return printJson(await describe(definition));
    process.stdout.write(await page(definition));
  },
};
