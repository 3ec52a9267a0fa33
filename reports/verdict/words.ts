/** Words for sentences: lists, and names of what a sentence is about. */

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], last = 'and'): string {
  if (words.length <= 1) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

/** `does` or `do`. */
export function verb(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

/** As `listed`, where a long list is cut: `a, b and 5 more`. */
export function shortList(words: readonly string[], most = 4): string {
  if (words.length <= most) return listed(words);
  return `${words.slice(0, most).join(', ')} and ${words.length - most} more`;
}
