/** Quantities on the command line: percentages and durations, refused with the flag that they belong to. */
import { MigbenchError } from '../errors.ts';
import { parseQuantity } from '../units.ts';

/**
 * A percentage as a fraction.
 *
 * @param below the fraction that it has to be below; 1, or Infinity for changes.
 * @throws MigbenchError `usage` where it is none, or not between the ends.
 */
export function fraction(flag: string, text: string, below: number): number {
  const parsed = parseQuantity(text, 'percent');
  if (!parsed.ok) throw new MigbenchError('usage', `--${flag} ${text}: ${parsed.reason}.`);
  const value = parsed.value / 100;
  if (value > 0 && value < below) return value;
  throw new MigbenchError(
    'usage',
    `--${flag}: expected a percentage above 0 %${below === 1 ? ' and below 100 %' : ''}, found ${text}.`,
  );
}

/**
 * A duration in ms; `undefined` where the flag was not given.
 *
 * @throws MigbenchError `usage` where it is none, or zero.
 */
export function duration(flag: string, text: string): number;
export function duration(flag: string, text: string | undefined): number | undefined;
export function duration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parsed = parseQuantity(text, 'duration');
  if (parsed.ok && parsed.value > 0) return parsed.value;
  throw new MigbenchError(
    'usage',
    `--${flag} ${text}: ${parsed.ok ? 'expected more than zero' : parsed.reason}.`,
  );
}
