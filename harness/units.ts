/**
 * Quantities as people write and read them: `384MiB`, `200Mbit/s`, `300ms`, `0.1%`, `unlimited`.
 *
 * Parsing is strict (a unit is required, its case matters) and says what to write instead. There are two kinds of
 * formatting: `formatExact` gives the shortest text that parses back to the same number, the others give about
 * three digits for a reader.
 */
import { closest, distance } from 'fastest-levenshtein';
import { DIMENSIONS, IEC, SI, type Dimension } from './dimensions.ts';

export type { Dimension } from './dimensions.ts';

/** The result of parsing: a number in the base unit, or why the text was refused and what to write instead. */
export type ParsedQuantity =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly reason: string; readonly suggestion?: string };

/** Words people write for units that have one spelling here. */
const SPELLED_OUT: readonly (readonly [pattern: RegExp, symbol: string])[] = [
  [/^sec(?:ond)?s?$/, 's'],
  [/^m(?:illi)?sec/, 'ms'],
  [/^u(?:sec|s)/, 'us'],
  [/^min(?:ute)?s?$/, 'min'],
  [/^h(?:r|our)s?$/, 'h'],
  [/^percent$/, '%'],
  [/^bytes?$/, 'B'],
];

const failed = (reason: string, suggestion?: string): ParsedQuantity =>
  suggestion === undefined ? { ok: false, reason } : { ok: false, reason, suggestion };

/** A unit that could be read in two ways: why, and the ways to write it. */
function ambiguity(
  unit: string,
  dimension: Dimension,
): [reason: string, better: string] | undefined {
  if (dimension === 'duration' && /^m$/i.test(unit))
    return [`"${unit}" could mean minutes or milliseconds`, 'min'];
  const prefix = /^([kmgt])(b|bps|b\/s|Bps)$/i.exec(unit);
  const isBits = unit.includes('b');
  if (prefix === null || (!isBits && !unit.endsWith('ps'))) return undefined;
  const letter = (prefix[1] ?? '').toUpperCase().replace('K', 'k');
  if (dimension === 'bytes')
    return [`"${unit}" could mean ${letter}bit or ${letter}B`, `${letter}B`];
  if (!dimension.endsWith('s-per-second')) return undefined;
  return [
    `"${unit}" could mean ${letter}bit/s or ${letter}B/s`,
    isBits ? `${letter}bit/s` : `${letter}B/s`,
  ];
}

/** The unit that was probably meant. */
function nearestUnit(unit: string, symbols: readonly string[]): string | undefined {
  const spelled = SPELLED_OUT.find(([pattern]) => pattern.test(unit.toLowerCase()))?.[1];
  if (spelled !== undefined && symbols.includes(spelled)) return spelled;
  const sameLetters = symbols.find((symbol) => symbol.toLowerCase() === unit.toLowerCase());
  if (sameLetters !== undefined) return sameLetters;
  const extended = [`${unit}/s`, `${unit}iB`, `${unit}iB/s`, `${unit}B`, `${unit}B/s`].find(
    (symbol) => symbols.includes(symbol),
  );
  if (extended !== undefined) return extended;
  const near = closest(unit, [...symbols]);
  return distance(unit, near) <= 2 && unit.length > 1 ? near : undefined;
}

function refuseUnit(digits: string, unit: string, dimension: Dimension): ParsedQuantity {
  const rules = DIMENSIONS[dimension];
  const example = `such as ${rules.example}`;
  if (dimension === 'count')
    return failed(`"${unit}" is a unit, but this is a plain count`, digits);
  const symbols = rules.units.map(({ symbol }) => symbol);
  const double = ambiguity(unit, dimension);
  if (double !== undefined) return failed(double[0], digits + double[1]);
  const other = Object.values(DIMENSIONS).find((candidate) =>
    candidate.units.some(({ symbol }) => symbol === unit),
  );
  if (other !== undefined) {
    const better = [`${unit}/s`, unit.replace(/\/s$/, '')].find((symbol) =>
      symbols.includes(symbol),
    );
    return failed(
      `"${unit}" is the unit of ${other.noun}; ${rules.noun} is expected, ${example}`,
      better === undefined ? undefined : digits + better,
    );
  }
  const nearest = nearestUnit(unit, symbols);
  return failed(
    `"${unit}" is not a unit of ${rules.noun}, ${example}`,
    nearest === undefined ? undefined : digits + nearest,
  );
}

/**
 * Parses one quantity to the base unit of its dimension. Bytes and rates are rounded to whole bytes (bits),
 * durations to a nanosecond. Signs, exponents and separators are refused.
 */
export function parseQuantity(text: string, dimension: Dimension): ParsedQuantity {
  const rules = DIMENSIONS[dimension];
  const match = /^(\d+(?:\.\d+)?)\s*([^\d\s.,].*)?$/.exec(text.trim());
  if (match === null) return refuseNumber(text.trim(), dimension);
  const digits = match[1] ?? '';
  const symbol = match[2] ?? '';
  const number = Number(digits);
  if (symbol === '' && dimension !== 'count')
    return failed(`${rules.noun} needs a unit, such as ${rules.example}`);
  const unit = rules.units.find((candidate) => candidate.symbol === symbol);
  if (unit === undefined) return refuseUnit(digits, symbol, dimension);
  const grains = number * unit.grains;
  const perBase = rules.grainsPerBase;
  const value = perBase === undefined ? grains : Math.round(grains) / perBase;
  if (!(value <= Number.MAX_SAFE_INTEGER)) return failed(`${text} is too large`);
  if (dimension === 'count' && !Number.isInteger(value))
    return failed('a whole number is expected', String(Math.round(value)));
  if (value === 0 && number > 0) return failed(`${text} is less than the smallest step`);
  return { ok: true, value };
}

function refuseNumber(text: string, dimension: Dimension): ParsedQuantity {
  const { noun, example } = DIMENSIONS[dimension];
  if (text === 'unlimited') return failed(`"unlimited" is not possible here: ${noun} is expected`);
  if (text.startsWith('-')) return failed(`${noun} cannot be negative`);
  const joined = text.replaceAll(/(?<=\d)[,_' ](?=\d)/g, '');
  if (joined !== text) return failed('numbers are written without separators', joined);
  if (/^\.\d/.test(text)) return failed('a digit is missing before the point', `0${text}`);
  return failed(`${noun} is expected, such as ${example}`);
}

/** As `parseQuantity`, where the word `unlimited` is allowed. A zero is refused: it would mean two things. */
export function parseLimit(
  text: string,
  dimension: Dimension,
): { readonly ok: true; readonly value: number | 'unlimited' } | (ParsedQuantity & { ok: false }) {
  const word = text.trim();
  if (word === 'unlimited') return { ok: true, value: 'unlimited' };
  if (/^[a-z∞]+$/i.test(word))
    return { ok: false, reason: `"${word}" is not a limit`, suggestion: 'unlimited' };
  const parsed = parseQuantity(word, dimension);
  if (/^0+(?:\.0+)?(?:[^\d.].*)?$/.test(word))
    return { ok: false, reason: 'a limit of zero is not possible', suggestion: 'unlimited' };
  return parsed;
}

/** Made once: making a number format costs thirty times what using it does, and reports use it for every figure. */
const decimalFormat = new Intl.NumberFormat('en-US', {
  useGrouping: false,
  maximumFractionDigits: 20,
});

/** Decimal digits without exponent or separators. */
function decimal(value: number): string {
  return decimalFormat.format(value);
}

/**
 * The shortest text that `parseQuantity` reads as the same number: `384MiB`, `1Gbit/s`, `90s`, `0.1%`.
 * For whole grains only (bytes, bits, ns); other values are rounded to them when they are parsed.
 */
export function formatExact(value: number | 'unlimited', dimension: Dimension): string {
  if (value === 'unlimited') return value;
  const { units, grainsPerBase = 1 } = DIMENSIONS[dimension];
  const written = units.filter(({ alternative }) => alternative !== true);
  let best =
    decimal((value * grainsPerBase) / (written[0]?.grains ?? 1)) + (written[0]?.symbol ?? '');
  let fewest = best.replace(/[^\d.]/g, '').length;
  for (const { symbol, grains } of written) {
    const number = (value * grainsPerBase) / grains;
    const digits = decimal(number);
    if (!Number.isInteger(number) || digits.length >= fewest) continue;
    best = digits + symbol;
    fewest = digits.length;
  }
  return best;
}

/** About three digits of the largest step that leaves at least one before the point: `1.5 GiB`, `136 ms`. */
function readable(value: number, steps: readonly (readonly [string, number])[]): string {
  let text = '';
  for (const [symbol, size] of steps) {
    const number = value / size;
    const digits = Number(Math.abs(number) < 1000 ? number.toPrecision(3) : Math.round(number));
    if (text !== '' && Math.abs(digits) < 1) break;
    text = `${decimal(digits)} ${symbol}`;
  }
  return text;
}

const steps = (prefixes: readonly (readonly [string, number])[], stem: string) =>
  [['', 1] as const, ...prefixes].map(([prefix, factor]) => [prefix + stem, factor] as const);

/** Bytes for a reader: `384 MiB`. */
export const formatBytes = (bytes: number): string => readable(bytes, steps(IEC, 'B'));

/** Bytes per second for a reader: `20 MiB/s`. */
export const formatByteRate = (rate: number | 'unlimited'): string =>
  rate === 'unlimited' ? rate : readable(rate, steps(IEC, 'B/s'));

/** Bits per second for a reader: `941 Mbit/s`. */
export const formatBitRate = (rate: number | 'unlimited'): string =>
  rate === 'unlimited' ? rate : readable(rate, steps(SI, 'bit/s'));

/** A length of time in ms for a reader: `250 µs`, `136 ms`, `2.04 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1000);
  if (seconds < 60) return readable(ms, [['µs', 1e-3], ['ms', 1], ['s', 1000]]); // prettier-ignore
  const sign = ms < 0 ? '-' : '';
  const [large, small, unit] = seconds < 3600 ? ['min', 's', 60] : ['h', 'min', 3600];
  const rest = Math.floor((seconds % unit) / (unit / 60));
  return `${sign}${Math.floor(seconds / unit)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** A percentage for a reader: `12.3%`. */
export const formatPercent = (percent: number): string =>
  `${decimal(Number(percent.toPrecision(3)))}%`;
