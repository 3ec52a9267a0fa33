#!/usr/bin/env node
/** The program's entry: answers at once what needs no parser, and loads the command line for the rest. */
import { EXIT_CODES, exitCodeOf } from '../errors.ts';
import { outliveTerminal } from '../lost-terminal.ts';
import { reportError } from '../report-error.ts';
import { quickAnswer } from './quick-answer.ts';

const argv = process.argv.slice(2);
const verbose = argv.includes('--verbose') && !argv.includes('--quiet');

async function main(): Promise<void> {
  // A reader that has seen enough (`migbench plan | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_CODES.ok);
    // The terminal is gone: the run still ends in good order.
    if (error.code === 'EIO') return;
    throw error;
  });
  // Nobody listens any more to what the program says: its work goes on.
  outliveTerminal();
  const answer = quickAnswer(argv);
  if (answer === undefined) {
    const { runCommandLine } = await import('./command-line.ts');
    return runCommandLine(argv);
  }
  (argv.length === 0 ? process.stderr : process.stdout).write(answer);
  process.exitCode = argv.length === 0 ? EXIT_CODES.usage : EXIT_CODES.ok;
}

try {
  await main();
} catch (error) {
  reportError(error, verbose);
  process.exitCode = exitCodeOf(error);
}
