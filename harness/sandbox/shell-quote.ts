/** Words for a shell that leaves them as they are. */

/** One word, quoted only where it has to be. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
