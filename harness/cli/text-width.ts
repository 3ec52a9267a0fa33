/** How wide text for people is. */

/** Columns that text is written in where the terminal has as many, or where there is none. */
export const TEXT_WIDTH = 100;

/** Columns to write text in: the terminal's own, at most `TEXT_WIDTH`. */
export function textWidth(): number {
  return Math.min(TEXT_WIDTH, process.stdout.columns ?? TEXT_WIDTH);
}
