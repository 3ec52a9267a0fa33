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
/** Problems shown in one message; where there are more, so many of each kind. */
const SHOWN_PROBLEMS = 20;
const SHOWN_OF_A_KIND = 3;

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

/** A problem's kind: its first line without the place, the names and the numbers that differ from case to case. */
function kindOf(rendered: string): string {
  const [head = ''] = rendered.split('\n', 1);
  return head.slice(head.lastIndexOf(': ') + 1).replaceAll(/"[^"]*"|\d+/gu, '…');
}

/** The error that carries all problems; its message is ready to print. A plan wrong in one way throughout says so once. */
export function planInvalid(rendered: readonly string[], file: string): MigbenchError {
  const counts = new Map<string, number>();
  const shown = rendered
    .filter((problem) => {
      if (rendered.length <= SHOWN_PROBLEMS) return true;
      const kind = kindOf(problem);
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return count <= SHOWN_OF_A_KIND;
    })
    .slice(0, SHOWN_PROBLEMS);
  const more = rendered.length - shown.length;
  if (more > 0) shown.push(`… and ${more} more, most of them like these`);
  if (rendered.length > 1) shown.push(`${rendered.length} problems in the plan ${file}`);
  return new MigbenchError('plan-invalid', shown.join('\n'));
}
