/** The command that goes on with an interrupted run. */
import { shellQuoted } from '../sandbox/shell-quote.ts';

/**
 * What to type, quoted for a shell.
 *
 * @param flags of the command that was interrupted which still matter, by name: a value, several, or whether they were given.
 */
export function resumeCommand(
  command: 'run' | 'regress',
  runDirectory: string,
  flags: Readonly<Record<string, string | readonly string[] | boolean | undefined>>,
): string {
  const words = ['migbench', command, '--resume', runDirectory];
  for (const [name, given] of Object.entries(flags)) {
    if (given === true) words.push(`--${name}`);
    else if (given !== false) {
      for (const value of [given ?? []].flat()) words.push(`--${name}`, value);
    }
  }
  return words.map(shellQuoted).join(' ');
}
