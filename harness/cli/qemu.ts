/** `migbench qemu`: the QEMU builds that are here, and fetching and removing Debian's. */
import type { Argv, CommandModule } from 'yargs';
import { printJson, tableText } from './output.ts';

interface ListArguments {
  readonly json: boolean;
}

interface AddArguments extends ListArguments {
  readonly reference: string;
  readonly mirror?: string | undefined;
  readonly quiet?: unknown;
  readonly verbose?: unknown;
}

interface RemoveArguments extends ListArguments {
  readonly reference: string;
}

async function list({ json }: ListArguments): Promise<void> {
  const { listBuilds, EMBEDDED_BUILD } = await import('../qemu/builds/index.ts');
  const builds = await listBuilds();
  if (json) return printJson(builds);
  if (builds.length === 0) {
    process.stdout.write(
      `No QEMU is here yet: a run fetches what its plan names (system: ${EMBEDDED_BUILD}, as this host has none).\n` +
        `To fetch one now: migbench qemu add ${EMBEDDED_BUILD}\n`,
    );
    return;
  }
  const { formatBytes } = await import('../units.ts');
  const table = await tableText(
    [
      ...[{ title: 'reference' }, { title: 'version' }, { title: 'package' }],
      ...[{ title: 'size', align: 'right' as const }, { title: 'where' }],
    ],
    builds.map(({ reference, version, package: name, sizeBytes, binary }) => [
      reference,
      version ?? 'damaged',
      name ?? '',
      sizeBytes === 0 ? '' : formatBytes(sizeBytes),
      binary ?? `repair with: migbench qemu add ${reference}`,
    ]),
  );
  process.stdout.write(table);
}

async function add(args: AddArguments): Promise<void> {
  const { addBuild, parseBuildReference } = await import('../qemu/builds/index.ts');
  const { Progress } = await import('../progress.ts');
  const { formatDuration } = await import('../units.ts');
  const { interruptSignal } = await import('./interrupt.ts');
  parseBuildReference(args.reference);
  const progress = new Progress({ quiet: args.quiet === true, verbose: args.verbose === true });
  const startedMs = performance.now();
  const build = await addBuild(args.reference, {
    signal: interruptSignal(),
    onProgress: ({ phase, detail }) => progress.live(`${args.reference}: ${phase} ${detail}`),
    ...(args.mirror === undefined ? {} : { mirror: args.mirror }),
  }).finally(() => progress.end());
  const tookMs = performance.now() - startedMs;
  const { reference, resolvedReference, version, package: name, sha256, binary, note } = build;
  if (args.json) {
    return printJson({ reference, resolvedReference, version, package: name, sha256, binary });
  }
  if (note !== undefined) progress.line(note);
  process.stdout.write(
    `${reference}: QEMU ${version}${name === '' ? '' : ` (${name})`}, ${binary}\n`,
  );
  progress.line(`Ready in ${formatDuration(tookMs)}.`);
}

async function remove({ reference, json }: RemoveArguments): Promise<void> {
  const { parseBuildReference, removeBuild } = await import('../qemu/builds/index.ts');
  // Others are refused for what they are.
  if (parseBuildReference(reference).kind === 'debian') {
    const { requireUnusedCache } = await import('./cache-users.ts');
    requireUnusedCache('Wait until it has ended.');
  }
  const { formatBytes } = await import('../units.ts');
  const { freedBytes } = await removeBuild(reference);
  if (json) return printJson({ reference, freedBytes });
  process.stdout.write(
    freedBytes === 0
      ? `${reference}: nothing to free: it is not in the cache, or its packages serve another reference.\n`
      : `${reference}: removed, ${formatBytes(freedBytes)} freed.\n`,
  );
}

const json = { type: 'boolean', default: false, describe: 'Print JSON' } as const;

function withReference(parser: Argv) {
  return parser
    .positional('reference', {
      type: 'string',
      demandOption: true,
      describe: 'debian:SUITE or debian:SUITE=VERSION',
    })
    .option('json', json);
}

const listCommand: CommandModule<object, ListArguments> = {
  command: 'list',
  describe: 'The QEMU builds that can be used without a download',
  builder: (parser) => parser.option('json', json),
  handler: (args) => list(args),
};

const addCommand: CommandModule<object, AddArguments> = {
  command: 'add <reference>',
  describe: 'Fetch a Debian build into the cache, or bring it up to date',
  builder: (parser) =>
    withReference(parser).option('mirror', {
      type: 'string',
      requiresArg: true,
      describe: 'Debian mirror to use instead of the one this machine is configured for',
    }),
  handler: (args) => add(args),
};

const removeCommand: CommandModule<object, RemoveArguments> = {
  command: 'remove <reference>',
  describe: 'Remove a Debian build from the cache',
  builder: withReference,
  handler: (args) => remove(args),
};

export const qemuCommand: CommandModule = {
  command: 'qemu',
  describe: 'List, fetch and remove QEMU builds',
  builder: (parser) =>
    parser
      .command(listCommand)
      .command(addCommand)
      .command(removeCommand)
      .demandCommand(1, 'Say what to do: list, add or remove')
      .example('$0 qemu list', 'What is here')
      .example('$0 qemu add debian:trixie', 'The embedded build')
      .example('$0 qemu add debian:bookworm --mirror URL', 'From another mirror')
      .example('$0 qemu remove debian:bookworm', 'Give its space back'),
  handler: () => undefined,
};
