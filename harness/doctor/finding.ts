/** What `migbench doctor` finds out: one line per question, each with what to do where the answer is not good. */

/** `ok`: nothing to do. `warn`: runs are possible, but lack something. `bad`: no run is possible. */
export type Level = 'ok' | 'warn' | 'bad';

export interface Finding {
  readonly level: Level;
  /** What was looked at, in a word or two. */
  readonly name: string;
  /** What was found. */
  readonly found: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly remedy?: string;
}

export const ok = (name: string, found: string): Finding => ({ level: 'ok', name, found });

export const warn = (name: string, found: string, remedy: string): Finding => ({
  level: 'warn',
  name,
  found,
  remedy,
});

export const bad = (name: string, found: string, remedy: string): Finding => ({
  level: 'bad',
  name,
  found,
  remedy,
});

/** The worst level of all; `ok` where there are none. */
export function worstLevel(findings: readonly Finding[]): Level {
  const has = (level: Level) => findings.some((finding) => finding.level === level);
  return has('bad') ? 'bad' : has('warn') ? 'warn' : 'ok';
}
