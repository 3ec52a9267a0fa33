/** The whole command line: one file per command, which loads what it needs only when it is called. */
import yargs, { type Argv } from 'yargs';
import { EXIT_CODES, messageOf, MigbenchError } from '../errors.ts';
import { migbenchVersion } from '../version.ts';
import { didYouMean, valueProblem } from './arguments.ts';
import { cacheCommand } from './cache.ts';
import { compareCommand } from './compare.ts';
import { characterizeCommand } from './characterize.ts';
import { doctorCommand } from './doctor.ts';
import { textWidth } from './text-width.ts';
import { guideCommand } from './guide.ts';
import { planCommand } from './plan.ts';
import { predictCommand } from './predict.ts';
import { qemuCommand } from './qemu.ts';
import { regressCommand } from './regress.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { validateCommand } from './validate.ts';
import { workloadsCommand } from './workloads.ts';

/** yargs' words for a missing argument, and better ones; its typings do not know of plural forms. */
const missing = 'An argument is missing: %s given, %s needed';
const words = {
  'Not enough non-option arguments: got %s, need at least %s': { one: missing, other: missing },
} as unknown as Record<string, string>;

/** For suggestions: `run [plan]` is `run`. */
const commandUsages = new Map(
  [
    ...[
      runCommand,
      reportCommand,
      compareCommand,
      regressCommand,
      characterizeCommand,
      predictCommand,
      validateCommand,
      guideCommand,
      planCommand,
      doctorCommand,
    ],
    ...[qemuCommand, cacheCommand, workloadsCommand, schemaCommand],
    { command: 'completion' },
  ].map(({ command }) => [String(command).split(' ', 1)[0] ?? '', String(command)]),
);
const knownCommands = {
  ...Object.fromEntries([...commandUsages.keys()].map((name) => [name, []])),
  qemu: ['list', 'add', 'remove'],
  cache: ['list', 'prune'],
};

/** yargs knows the flags of the command that it is at, but its typings do not say so. */
function flagsOf(parser: Argv): string[] {
  const known: unknown =
    'getOptions' in parser && typeof parser.getOptions === 'function' ? parser.getOptions() : {};
  const keys = typeof known === 'object' && known !== null && 'key' in known ? known.key : {};
  return typeof keys === 'object' && keys !== null ? Object.keys(keys) : [];
}

/** What yargs found wrong, the nearest valid word, and where the usage is. */
function usageError(message: string, argv: readonly string[], parser: Argv): MigbenchError {
  const guess = didYouMean(argv, { flags: flagsOf(parser), commands: knownCommands });
  const usage = commandUsages.get(argv[0] ?? '');
  const help = usage === undefined ? '--help' : `${argv[0]} --help`;
  return new MigbenchError(
    'usage',
    [
      `${message}${guess === '' ? '' : `. ${guess}`}`,
      ...(usage?.includes(' ') === true ? [`Usage: migbench ${usage}`] : []),
      `See: migbench ${help}`,
    ].join('\n'),
  );
}

/**
 * Parse a command line and do what it says.
 *
 * @param argv without the program's own name.
 */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const parser = yargs([...argv])
    .scriptName('migbench')
    .locale('en')
    .updateStrings(words)
    .usage('$0 COMMAND\n\nMeasure live migration of QEMU/KVM virtual machines.')
    .command(runCommand)
    .command(reportCommand)
    .command(compareCommand)
    .command(regressCommand)
    .command(characterizeCommand)
    .command(predictCommand)
    .command(validateCommand)
    .command(guideCommand)
    .command(planCommand)
    .command(doctorCommand)
    .command(qemuCommand)
    .command(cacheCommand)
    .command(workloadsCommand)
    .command(schemaCommand)
    .completion('completion', 'Print a completion script for bash or zsh (the shell in $SHELL)')
    .option('verbose', { type: 'boolean', default: false, describe: 'Say more on standard error' })
    .option('quiet', { type: 'boolean', default: false, describe: 'Say nothing but errors' })
    .check((parsed) => {
      const problem = valueProblem(parsed, argv);
      if (problem !== undefined) throw new MigbenchError('usage', problem);
      if (parsed.verbose && parsed.quiet) {
        throw new MigbenchError('usage', 'Give --verbose or --quiet, not both.');
      }
      return true;
    })
    .version(migbenchVersion())
    .alias('help', 'h')
    .demandCommand(1, 'Name a command')
    .strict()
    .wrap(textWidth())
    .example('$0 doctor', 'What this host can do')
    .example('$0 run', 'Run plans/quickstart.yaml and write its report')
    .example('source <($0 completion)', 'Complete commands and flags in this shell')
    .epilogue('Exit codes, formats and columns: docs/formats.md')
    .exitProcess(false)
    .fail((message, error: unknown) => {
      // yargs gives what a handler or a check has thrown, or an error or a message of its own.
      if (error instanceof Error && error.name !== 'YError') throw error;
      throw usageError(message ?? messageOf(error), argv, parser);
    });
  if (argv.length === 0) {
    parser.showHelp('error');
    process.exitCode = EXIT_CODES.usage;
    return;
  }
  await parser.parseAsync();
}
