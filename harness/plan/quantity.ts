/**
 * The values in a plan's schema: quantities (`384MiB`, `300ms`, `1Gbit/s`) with bounds and words that stand for one, and
 * texts with a shape.
 */
import { z } from 'zod';
import { formatExact, parseLimit, parseQuantity, type Dimension } from '../units.ts';
import { nearestName } from './nearest.ts';

interface QuantityOptions<Word extends string> {
  readonly description: string;
  readonly examples: readonly string[];
  /** Words allowed instead of a quantity. */
  readonly words?: readonly Word[];
  /** In the base unit; inclusive. */
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A quantity with its unit, or one of a few words: a number in the base unit comes out, or the word. */
export function quantity<const Word extends string = never>(
  dimension: Dimension,
  { description, examples, words = [], minimum, maximum }: QuantityOptions<Word>,
) {
  return z
    .union([z.string(), z.number()])
    .transform((written, context): number | Word => {
      const text = String(written).trim();
      const word = words.find((candidate) => candidate === text);
      if (word !== undefined) return word;
      const refuse = (message: string, suggestion?: string): never => {
        context.addIssue({
          code: 'custom',
          message: `"${text}": ${message}`,
          params: { suggestion } satisfies { suggestion: string | undefined },
        });
        return z.NEVER;
      };
      if (words.length > 0 && /^[a-z]+$/i.test(text)) {
        const example = examples.find((candidate) => /^\d/.test(candidate)) ?? '';
        const nearest = words.length === 1 ? words[0] : nearestName(text, words);
        return refuse(`expected ${words.join(', ')} or a quantity such as ${example}`, nearest);
      }
      const limited = words.some((candidate) => candidate === 'unlimited');
      const parsed = limited ? parseLimit(text, dimension) : parseQuantity(text, dimension);
      if (!parsed.ok) return refuse(parsed.reason, parsed.suggestion);
      const value = parsed.value;
      if (value === 'unlimited') return z.NEVER;
      if (minimum !== undefined && value < minimum)
        return refuse(`must be at least ${formatExact(minimum, dimension)}`);
      if (maximum !== undefined && value > maximum)
        return refuse(`must be at most ${formatExact(maximum, dimension)}`);
      return value;
    })
    .meta({ description, examples: [...examples] });
}

/** A text with a shape; the message says what is expected. */
export const shaped = (pattern: RegExp, expected: string) =>
  z.string().regex(pattern, { error: `expected ${expected}` });
