/** `migbench plan`: what a plan comes to, without running anything. */
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { packageRoot } from '../paths.ts';
import type { Cell } from '../plan/types.ts';
import { printJson, tableText } from './output.ts';

interface PlanArguments {
  readonly plan?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly only?: string | undefined;
  readonly commands: boolean;
  readonly json: boolean;
  readonly quiet?: unknown;
}

/** The labels of each dimension, in the order in which they first appear. */
export function dimensionsOf(cells: readonly Pick<Cell, 'labels'>[]): Record<string, string[]> {
  const labels = (name: keyof Cell['labels']) => [
    ...new Set(cells.map((cell) => cell.labels[name])),
  ];
  return {
    workloads: labels('workload'),
    settings: labels('setting'),
    links: labels('link'),
    guests: labels('guest'),
    'QEMU pairs': labels('qemu'),
  };
}

async function plan(args: PlanArguments): Promise<void> {
  const { loadPlanFile } = await import('./load-plan-file.ts');
  const { planTrials } = await import('../plan/order.ts');
  const { estimateRunMs, estimateTrialMs } = await import('../plan/estimate.ts');
  const { formatDuration } = await import('../units.ts');
  const file = args.plan ?? join(packageRoot, 'plans', 'quickstart.yaml');
  const loaded = await loadPlanFile({ file, overrides: args.set ?? [] });
  if (args.quiet !== true) {
    for (const warning of loaded.warnings) process.stderr.write(`${warning}\n`);
  }
  const trials = planTrials(loaded.plan, args.only === undefined ? {} : { only: args.only });
  const wanted = new Set(trials.map(({ cell }) => cell.id));
  const cells = loaded.plan.cells
    .filter(({ id }) => wanted.has(id))
    .map((cell) => {
      const { path, id } = cell.spec.workload;
      const definition = loaded.definitions.get(path ?? id);
      return { cell, estimateMs: estimateTrialMs(cell.spec, definition) };
    });
  const chosen = cells.map(({ cell }) => cell);
  const dimensions = dimensionsOf(chosen);
  const predictedMs = estimateRunMs(trials, loaded.definitions);
  const commands = args.commands ? await import('./plan-commands.ts') : undefined;
  const groups = commands?.commandGroups(
    chosen,
    loaded.definitions,
    await commands.knownBuilds(chosen),
  );
  if (args.json) {
    const { name, repetitions, seed } = loaded.plan;
    return printJson({
      ...{ name, repetitions, seed, dimensions, trials: trials.length, predictedMs },
      cells: cells.map(({ cell, estimateMs }) => ({ ...cell, estimateMs })),
      ...(groups === undefined ? {} : { commands: groups }),
    });
  }
  if (commands !== undefined && groups !== undefined) {
    process.stdout.write(commands.commandText(groups));
    return;
  }
  const table = await tableText(
    [{ title: 'cell' }, { title: 'expect' }, { title: 'estimate', align: 'right' }],
    cells.map(({ cell, estimateMs }) => [
      cell.id,
      cell.expect ?? 'any',
      `~${formatDuration(estimateMs)}`,
    ]),
  );
  const matrix = Object.entries(dimensions)
    .map(([name, labels]) => `${name.padEnd(10)}  ${labels.length}: ${labels.join(', ')}\n`)
    .join('');
  process.stdout.write(
    `${table}\n${matrix}\n${cells.length} ${cells.length === 1 ? 'cell' : 'cells'} × ${loaded.plan.repetitions} repetitions = ${trials.length} trials, ` +
      `about ${formatDuration(predictedMs)} on two cores without KVM (expect it to be wrong by a quarter; a first run also fetches).\n`,
  );
}

export const planCommand: CommandModule<object, PlanArguments> = {
  command: 'plan [plan]',
  describe: 'Show what a plan comes to: its cells, its trials, the predicted time',
  builder: (parser) =>
    parser
      .positional('plan', {
        type: 'string',
        describe: 'Plan file (default: plans/quickstart.yaml)',
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Override a value of the plan: path=value, dots for nesting',
      })
      .option('only', { type: 'string', requiresArg: true, describe: 'Glob on cell ids' })
      .option('commands', {
        type: 'boolean',
        default: false,
        describe: 'Print the QEMU command lines of both sides instead',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('$0 plan my-plan.yaml', 'Is it valid, and how long will it take?')
      .example('$0 plan --set guest.memory=1GiB --only "database/*"', 'A part of it, changed')
      .example('$0 plan my-plan.yaml --commands', 'How QEMU would be started'),
  handler: (args) => plan(args),
};
