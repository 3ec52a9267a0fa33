/**
 * The top-level help and the version, without the parser: loading yargs takes about as long as all the rest.
 *
 * The build keeps what the parser prints for `--help` in a file beside this one (harness/setup.mjs); a test compares
 * the two.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migbenchVersion } from '../version.ts';
import { TEXT_WIDTH, textWidth } from './text-width.ts';

/** The name of the kept help, in the folder of the built program. */
const HELP_FILE = 'help.txt';

/**
 * What the program says to a command line that is nothing but a request for help or version; `undefined` where the
 * parser must be asked: for everything else, for a terminal narrower than the kept help, and where none was kept.
 *
 * @param width columns of the terminal, as far as they are used.
 * @param folder where the kept help is.
 */
export function quickAnswer(
  argv: readonly string[],
  width: number = textWidth(),
  folder: string = import.meta.dirname,
): string | undefined {
  if (argv.length > 1) return undefined;
  const [word = '--help'] = argv;
  if (word === '--version') return `${migbenchVersion()}\n`;
  if ((word !== '--help' && word !== '-h') || width !== TEXT_WIDTH) return undefined;
  try {
    return readFileSync(join(folder, HELP_FILE), 'utf8');
  } catch {
    return undefined;
  }
}
