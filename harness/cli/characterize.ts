/** `migbench characterize`: measure what a workload needs, without migrating it. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { MigbenchError } from '../errors.ts';
import { interruptSignal } from './interrupt.ts';
import { printJson } from './output.ts';

interface CharacterizeArguments {
  readonly what: string;
  readonly out?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly windows?: string | undefined;
  readonly mirror?: string | undefined;
  readonly json: boolean;
  readonly quiet?: unknown;
  readonly verbose?: unknown;
}

/** Windows from 5 ms to an hour: shorter ones cannot be kept, longer ones nobody waits for. */
const SHORTEST_MS = 5;
const LONGEST_MS = 3_600_000;
/** Of the smallest guest that is offered, and its step, bytes. */
const SMALLEST_GUEST_BYTES = 384 * 1024 * 1024;
const GUEST_STEP_BYTES = 128 * 1024 * 1024;

/** `50ms,1s,1min` in ms. @throws MigbenchError `usage`. */
export async function parseWindows(text: string | undefined): Promise<readonly number[]> {
  const { DEFAULT_WINDOWS_MS } = await import('../characterize/measure/schedule.ts');
  if (text === undefined) return DEFAULT_WINDOWS_MS;
  const { parseQuantity } = await import('../units.ts');
  return text.split(',').map((word) => {
    const parsed = parseQuantity(word, 'duration');
    if (!parsed.ok) {
      const better = parsed.suggestion === undefined ? '' : `: write ${parsed.suggestion}`;
      throw new MigbenchError('usage', `--windows: "${word.trim()}": ${parsed.reason}${better}`);
    }
    if (parsed.value >= SHORTEST_MS && parsed.value <= LONGEST_MS) return parsed.value;
    throw new MigbenchError(
      'usage',
      `--windows: "${word.trim()}": expected windows from ${SHORTEST_MS} ms to 1 h, with commas between.`,
    );
  });
}

/** The file of a plan, or the text of one with a single workload. */
async function planFor(what: string): Promise<{ file: string; text?: string; directory?: string }> {
  if (/\.ya?ml$/iu.test(what)) return { file: what };
  const { builtInWorkload, builtInWorkloads, loadWorkload } =
    await import('../../workloads/registry.ts');
  const { defaultParameters } = await import('../plan/workload-parameters.ts');
  const isPath = /[./]/u.test(what);
  if (!isPath && builtInWorkload(what) === undefined) {
    const { nearestName } = await import('../plan/nearest.ts');
    const ids = builtInWorkloads.map(({ definition }) => definition.id);
    const guess = nearestName(what, ids);
    throw new MigbenchError(
      'usage',
      `There is no workload "${what}": expected one of ${ids.join(', ')}, the path of a folder (./my-workload), or a plan (*.yaml).` +
        (guess === undefined ? '' : ` Did you mean ${guess}?`),
    );
  }
  if (isPath && (await stat(what).catch(() => undefined))?.isFile() === true) return { file: what };
  const definition = isPath
    ? (await loadWorkload(what)).definition
    : builtInWorkload(what)?.definition;
  const least = definition?.minimumGuestMemoryBytes(defaultParameters(definition.parameters)) ?? 0;
  const memory =
    Math.ceil(Math.max(SMALLEST_GUEST_BYTES, least) / GUEST_STEP_BYTES) * GUEST_STEP_BYTES;
  const text = JSON.stringify({
    name: `characterize-${definition?.id ?? 'workload'}`,
    guest: { memory: `${memory / 1024 / 1024}MiB`, vcpus: 1 },
    workloads: [isPath ? { path: what } : { id: what }],
    links: [{ bandwidth: 'unlimited' }],
    settings: { precopy: {} },
  });
  return { file: what, text, directory: process.cwd() };
}

function defaultDirectory(name: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/gu, '');
  return join('cards', `${stamp}Z-${name}`);
}

async function characterize(args: CharacterizeArguments): Promise<void> {
  const windowsMs = await parseWindows(args.windows);
  const plan = await planFor(args.what);
  const { loadPlanFile } = await import('./load-plan-file.ts');
  const loaded = await loadPlanFile({ ...plan, overrides: args.set ?? [] });
  const { characterizePlan } = await import('../characterize-pipeline.ts');
  const directory = args.out ?? defaultDirectory(loaded.plan.name);
  const { cards, exitCode } = await characterizePlan({
    ...{ loaded, directory, windowsMs },
    ...(args.mirror === undefined ? {} : { mirror: args.mirror }),
    output: { quiet: args.quiet === true, verbose: args.verbose === true },
    signal: interruptSignal(),
  });
  if (args.json) {
    printJson({ directory, cards: cards.map(({ folder, card }) => ({ folder, card })) });
  } else {
    const { cardSummary } = await import('../../reports/card/index.ts');
    for (const { folder, card } of cards) {
      process.stdout.write(`${cardSummary(card)}\nCard: ${join(folder, 'card.html')}\n`);
    }
  }
  process.exitCode = exitCode;
}

export const characterizeCommand: CommandModule<object, CharacterizeArguments> = {
  command: 'characterize <what>',
  describe: 'Measure what a workload needs of a migration, without migrating it',
  builder: (parser) =>
    parser
      .positional('what', {
        type: 'string',
        demandOption: true,
        describe: 'A workload’s id, the folder of one of your own, or a plan (*.yaml)',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'Directory of the card (default: cards/<UTC time>-<name>)',
      })
      .option('set', {
        type: 'string',
        array: true,
        nargs: 1,
        describe: 'Override a value of the plan: path=value, dots for nesting',
      })
      .option('windows', {
        type: 'string',
        requiresArg: true,
        describe: 'Windows of the dirty curve (default: eleven from 50ms to 60s)',
      })
      .option('mirror', {
        type: 'string',
        requiresArg: true,
        describe: 'Debian mirror to use instead of the one this machine is configured for',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print the cards as JSON' })
      .example('$0 characterize database', 'A card of PostgreSQL under load')
      .example(
        '$0 characterize memory-stress --set workloads.0.dirty-rate=50MiB/s --windows 100ms,1s,10s',
        'Another load, fewer windows',
      )
      .example('$0 characterize my-plan.yaml --out cards/all', 'A card for each guest of a plan'),
  handler: (args) => characterize(args),
};
