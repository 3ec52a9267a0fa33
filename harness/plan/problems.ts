/** What is wrong with a plan, and how it is shown: `file:line:column: message`, the line, and a caret under it. */
import { MigbenchError } from '../errors.ts';

/** Keys and list indices that lead from the root of the plan to a value. */
export type PlanPath = readonly (string | number)[];

/** One thing that is wrong (or worth a warning), at a place in the plan. */
export interface PlanProblem {
  readonly path: PlanPath;
  /** What was expected and what was found. */
  readonly reason: string;
  /** What to write instead. */
  readonly suggestion?: string;
  /** Whether the key itself is meant, not its value. */
  readonly atKey?: boolean;
  /** For a key that should be in the mapping at `path` and is not. */
  readonly missingKey?: string;
}

/** A stretch of the plan's text, as offsets. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Where a problem is: in the file's text, or in a `--set` of the command line. */
export type PlanLocation =
  | { readonly kind: 'file'; readonly range: TextRange }
  | { readonly kind: 'flag'; readonly flag: string };

/** Longest source line shown; longer ones are cut around the caret. */
const SHOWN_COLUMNS = 120;
/** Problems shown in one message. */
const SHOWN_PROBLEMS = 50;

const pathText = (path: PlanPath): string => path.join('.');

/** The sentence of a problem, without its place. */
export function sentenceOf({ path, reason, suggestion }: PlanProblem): string {
  const where = path.length === 0 ? '' : `${pathText(path)}: `;
  const hint = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`;
  return where + reason + hint;
}

/** Line and column (both from 1) of an offset. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** The source line of a range, with carets below. */
function excerpt(text: string, { start, end }: TextRange): string {
  const { line, column } = positionOf(text, start);
  const lineStart = start - column + 1;
  const newline = text.indexOf('\n', start);
  const lineText = text.slice(lineStart, newline === -1 ? text.length : newline);
  const cut = column > SHOWN_COLUMNS ? column - Math.floor(SHOWN_COLUMNS / 2) : 0;
  const shown = lineText
    .slice(cut, cut + SHOWN_COLUMNS)
    // Control characters would move the caret or the cursor.
    .replaceAll(/\p{Cc}/gu, ' ')
    .trimEnd();
  const caretColumn = column - 1 - cut;
  const longest = Math.max(1, shown.length - caretColumn);
  const carets = '^'.repeat(Math.min(longest, Math.max(1, end - start)));
  const gutter = `${String(line).padStart(5)} | `;
  return `${gutter}${shown}\n${' '.repeat(gutter.length - 2)}| ${' '.repeat(caretColumn)}${carets}`;
}

/** One problem as it is printed. */
export function renderProblem(
  file: string,
  text: string,
  sentence: string,
  location: PlanLocation,
): string {
  if (location.kind === 'flag') return `--set ${location.flag}: ${sentence}`;
  const { line, column } = positionOf(text, location.range.start);
  const head = `${file}:${line}:${column}: ${sentence}`;
  return text.trim() === '' ? head : `${head}\n${excerpt(text, location.range)}`;
}

/** The error that carries all problems; its message is ready to print. */
export function planInvalid(rendered: readonly string[], file: string): MigbenchError {
  const shown = rendered.slice(0, SHOWN_PROBLEMS);
  if (rendered.length > 1) shown.push(`${rendered.length} problems in the plan ${file}`);
  return new MigbenchError('plan-invalid', shown.join('\n'));
}
