/** What is wrong with a command line beyond what yargs says: the nearest valid word, and flags that were given twice. */
import { nearestName } from '../plan/nearest.ts';

/** Words that a command line may hold at the place where it failed. */
export interface KnownWords {
  /** Flags without their hyphens. */
  readonly flags: readonly string[];
  /** Commands, each with its subcommands. */
  readonly commands: Readonly<Record<string, readonly string[]>>;
}

/** The name of a flag as it was written: `--dry-run=1` is `dry-run`, `--no-json` is `json`. */
function flagName(argument: string): string | undefined {
  return /^--(?:no-)?(?<name>[^=]+)/u.exec(argument)?.groups?.['name'];
}

/** The nearest of the valid words, unless the word is one of them. */
function guess(word: string | undefined, valid: readonly string[]): string | undefined {
  return word === undefined || valid.includes(word) ? undefined : nearestName(word, valid);
}

/** "Did you mean …?" for the words that are not known but near to one that is; empty where there is none. */
export function didYouMean(argv: readonly string[], known: KnownWords): string {
  const words = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const flags = words.flatMap((word) => guess(flagName(word), known.flags) ?? []);
  const [command, subcommand] = words.filter((word) => !word.startsWith('-'));
  const guesses = [
    ...flags.map((flag) => `--${flag}`),
    guess(command, Object.keys(known.commands)),
    guess(subcommand, known.commands[command ?? ''] ?? []),
  ].filter((word) => word !== undefined);
  return guesses.length === 0 ? '' : `Did you mean ${guesses.join(', ')}?`;
}

/** Flags that may be repeated. */
const REPEATABLE: readonly string[] = [
  'set',
  'threshold',
  'format',
  'setting',
  'sources',
  'metric',
];

/**
 * What is wrong with the values of flags and arguments, whatever they mean: one that was given twice (yargs would make
 * a list of it), or an empty one (as a script's unset variable gives); `undefined` where nothing is.
 */
export function valueProblem(
  parsed: Readonly<Record<string, unknown>>,
  argv: readonly string[],
): string | undefined {
  const names = Object.keys(parsed).filter((name) => name !== '_' && name !== '$0');
  const asWritten = (name: string) =>
    argv.some((word) => flagName(word) === name) ? `--${name}` : `The ${name}`;
  const repeated = names.find((name) => !REPEATABLE.includes(name) && Array.isArray(parsed[name]));
  if (repeated !== undefined) return `${asWritten(repeated)} can be given once only.`;
  const empty = names.find((name) => parsed[name] === '');
  if (empty !== undefined) return `${asWritten(empty)} is empty: give it a value, or leave it out.`;
  return undefined;
}
