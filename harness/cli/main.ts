#!/usr/bin/env node
/** The command line: one file per command, loaded only when it is called. */
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { EXIT_CODES, exitCodeOf, MigbenchError } from '../errors.ts';
import { reportError } from '../report-error.ts';
import { migbenchVersion } from '../version.ts';
import { cacheCommand } from './cache.ts';
import { doctorCommand } from './doctor.ts';
import { planCommand } from './plan.ts';
import { qemuCommand } from './qemu.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';
import { workloadsCommand } from './workloads.ts';

const verbose = process.argv.includes('--verbose');

async function main(): Promise<void> {
  // A reader that has seen enough (`migbench plan | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_CODES.ok);
    throw error;
  });
  await yargs(hideBin(process.argv))
    .scriptName('migbench')
    .usage('$0 COMMAND\n\nMeasure live migration of QEMU/KVM virtual machines.')
    .command(runCommand)
    .command(reportCommand)
    .command(planCommand)
    .command(doctorCommand)
    .command(qemuCommand)
    .command(cacheCommand)
    .command(workloadsCommand)
    .command(schemaCommand)
    .completion('completion', 'Print a completion script for bash or zsh')
    .option('verbose', { type: 'boolean', default: false, describe: 'Say more on standard error' })
    .option('quiet', { type: 'boolean', default: false, describe: 'Say nothing but errors' })
    .conflicts('verbose', 'quiet')
    .version(migbenchVersion())
    .alias('help', 'h')
    .demandCommand(1, 'Name a command; the list is above.')
    .strict()
    .recommendCommands()
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .epilogue('Exit codes, formats and columns: docs/formats.md')
    .exitProcess(false)
    .fail((message, error) => {
      if (error !== undefined && error !== null) throw error;
      throw new MigbenchError('usage', `${message}\n\nSee: migbench --help`);
    })
    .parseAsync();
}

try {
  await main();
} catch (error) {
  reportError(error, verbose);
  process.exitCode = exitCodeOf(error);
}
