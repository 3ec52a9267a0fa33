/** `migbench cache`: what is in the cache, and giving its space back. */
import type { CommandModule } from 'yargs';
import type { CacheEntry } from '../qemu/builds/index.ts';
import { printJson, tableText } from './output.ts';

interface ListArguments {
  readonly json: boolean;
}

interface PruneArguments extends ListArguments {
  readonly all: boolean;
  readonly 'dry-run': boolean;
  readonly quiet?: unknown;
}

const bytesOf = (entries: readonly CacheEntry[]): number =>
  entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** One line per kind: how many there are, their bytes, and how many of them prune would free. */
export function totalsByKind(entries: readonly CacheEntry[]) {
  const kinds = new Set(entries.map(({ kind }) => kind));
  return [...kinds].map((kind) => {
    const all = entries.filter((entry) => entry.kind === kind);
    const prunable = all.filter(({ needed }) => !needed);
    return {
      kind,
      count: all.length,
      sizeBytes: bytesOf(all),
      prunableBytes: bytesOf(prunable),
    };
  });
}

async function list({ json }: ListArguments): Promise<void> {
  const { listCache } = await import('../qemu/builds/index.ts');
  const { cacheDirectory } = await import('../paths.ts');
  const entries = await listCache();
  if (json) return printJson({ directory: cacheDirectory(), entries });
  const { formatBytes } = await import('../units.ts');
  const totals = totalsByKind(entries);
  const large = entries.filter(({ kind }) => kind === 'tree' || kind === 'image');
  const right = 'right' as const;
  const things = await tableText(
    [
      ...[{ title: 'kind' }, { title: 'size', align: right }, { title: 'last used' }],
      ...[{ title: 'prune' }, { title: 'for' }],
    ],
    large.map(({ kind, sizeBytes, lastUsedMs, needed, usedFor }) => [
      ...[kind, formatBytes(sizeBytes), new Date(lastUsedMs).toISOString().slice(0, 10)],
      ...[needed ? 'keeps' : 'removes', usedFor.join(', ') || 'nothing'],
    ]),
  );
  const sums = await tableText(
    [
      ...[{ title: 'kind' }, { title: 'count', align: right }],
      ...[
        { title: 'size', align: right },
        { title: 'prune frees', align: right },
      ],
    ],
    totals.map(({ kind, count, sizeBytes, prunableBytes }) => [
      ...[kind, String(count), formatBytes(sizeBytes), formatBytes(prunableBytes)],
    ]),
  );
  const total = totals.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  process.stdout.write(
    entries.length === 0
      ? `${cacheDirectory()} is empty.\n`
      : `${large.length === 0 ? '' : `${things}\n`}${sums}\n${formatBytes(total)} in ${cacheDirectory()}\n`,
  );
}

async function prune(args: PruneArguments): Promise<void> {
  const { pruneCache } = await import('../qemu/builds/index.ts');
  const { formatBytes } = await import('../units.ts');
  const { cacheDirectory } = await import('../paths.ts');
  const { pruneEverything } = await import('./prune-everything.ts');
  const act = args.all ? pruneEverything : pruneCache;
  const planned = await act({ dryRun: true });
  if (!args['dry-run'] && args.quiet !== true && planned.removed.length > 0) {
    process.stderr.write(
      `Removing ${formatBytes(planned.freedBytes)} (${planned.removed.length} items) from ${cacheDirectory()} …\n`,
    );
  }
  const { freedBytes, removed } = args['dry-run'] ? planned : await act({});
  if (args.json) return printJson({ dryRun: args['dry-run'], freedBytes, removed });
  const what = `${formatBytes(freedBytes)} (${removed.length} items)`;
  process.stdout.write(args['dry-run'] ? `Would free ${what}.\n` : `Freed ${what}.\n`);
}

const json = { type: 'boolean', default: false, describe: 'Print JSON' } as const;

const listCommand: CommandModule<object, ListArguments> = {
  command: 'list',
  describe: 'What is in the cache, and how much of it prune would remove',
  builder: (parser) => parser.option('json', json),
  handler: (args) => list(args),
};

const pruneCommand: CommandModule<object, PruneArguments> = {
  command: 'prune',
  describe: 'Remove what nothing needs',
  builder: (parser) =>
    parser
      .option('all', {
        type: 'boolean',
        default: false,
        describe: 'Remove builds and images too; the next run fetches them again',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Say what would be freed; remove nothing',
      })
      .option('json', json),
  handler: (args) => prune(args),
};

export const cacheCommand: CommandModule = {
  command: 'cache',
  describe: 'List and prune the cache of QEMU builds, tools and guest images',
  builder: (parser) =>
    parser
      .command(listCommand)
      .command(pruneCommand)
      .demandCommand(1, 'Say what to do: list or prune')
      .example('$0 cache list', 'What takes how much space')
      .example('$0 cache prune --dry-run', 'What could be given back')
      .example('$0 cache prune --all', 'Everything that no running migbench uses'),
  handler: () => undefined,
};
