/** `migbench guide`: a capacity guide from runs and cards. */
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { MigbenchError } from '../errors.ts';
import { ENVIRONMENT_FILE } from '../record/layout.ts';
import { duration } from './quantities.ts';

interface GuideArguments {
  readonly sources: readonly string[];
  readonly out: string;
  readonly window: string;
  readonly 'downtime-limit': string;
}

/** Runs and cards among the sources: a directory may be a run, hold a card, or hold folders with a card each. */
async function sort(
  sources: readonly string[],
  cardFile: string,
): Promise<{ runs: string[]; cards: string[] }> {
  const runs: string[] = [];
  const cards: string[] = [];
  for (const source of sources) {
    if (existsSync(join(source, ENVIRONMENT_FILE))) runs.push(source);
    else if (source.endsWith('.json') || existsSync(join(source, cardFile))) cards.push(source);
    else {
      const names = await readdir(source).catch(() => []);
      const within = names.filter((name) => existsSync(join(source, name, cardFile))).sort();
      if (within.length === 0) {
        throw new MigbenchError(
          'usage',
          `${source}: expected a run directory, a workload card, or a directory of cards.`,
        );
      }
      cards.push(...within.map((name) => join(source, name)));
    }
  }
  return { runs, cards };
}

async function guide(args: GuideArguments): Promise<void> {
  const windowMs = duration('window', args.window);
  const downtimeLimitMs = duration('downtime-limit', args['downtime-limit']);
  const { CARD_FILE, readCard } = await import('../characterize/card.ts');
  const { readRun } = await import('../record/reader.ts');
  const found = await sort(args.sources, CARD_FILE);
  const runs = await Promise.all(found.runs.map(readRun));
  const cards = await Promise.all(
    found.cards.map(async (path) => ({ path, card: await readCard(path) })),
  );
  const { storageError } = await import('../record/durable.ts');
  const { writeGuide } = await import('../../reports/guide/index.ts');
  await mkdir(args.out, { recursive: true }).catch((error: unknown) => {
    throw storageError(error, `make ${args.out}`);
  });
  const { files, verdict } = await writeGuide(args.out, { runs, cards, windowMs, downtimeLimitMs });
  process.stdout.write(`${verdict}\n${files.map((file) => `Written: ${file}\n`).join('')}`);
}

export const guideCommand: CommandModule<object, GuideArguments> = {
  command: 'guide <sources..>',
  describe: 'A capacity guide from runs and cards: times, pauses, guests per maintenance window',
  builder: (parser) =>
    parser
      .positional('sources', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Run directories, cards, or directories of cards',
      })
      .option('out', {
        type: 'string',
        default: 'guide',
        requiresArg: true,
        describe: 'Directory for guide.md and guide.html',
      })
      .option('window', {
        type: 'string',
        default: '1h',
        requiresArg: true,
        describe: 'Length of the maintenance window',
      })
      .option('downtime-limit', {
        type: 'string',
        default: '300ms',
        requiresArg: true,
        describe: 'What the recommended mode is chosen for',
      })
      .example('$0 guide runs/nightly cards/all', 'From a run and the cards of its workloads'),
  handler: (args) => guide(args),
};
