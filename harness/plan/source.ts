/** The text of a plan: reading it, its YAML, and where each value is written. */
import { readFile } from 'node:fs/promises';
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { MigbenchError, messageOf, systemErrorCode } from '../errors.ts';
import type { PlanPath, TextRange } from './problems.ts';

/** Largest plan file read, in bytes: a plan is written by a person. */
const MAXIMUM_BYTES = 1024 * 1024;
/** Aliases that a plan may expand to: enough for people, too few for a bomb. */
const MAXIMUM_ALIASES = 100;

/** A fault of the YAML itself. */
export interface SyntaxFault {
  readonly range: TextRange;
  readonly sentence: string;
}

/** A parsed plan: plain data, and a way back to the text. */
export interface PlanSource {
  readonly data: unknown;
  readonly faults: readonly SyntaxFault[];
  /** The range of a key or value; where the path does not exist, of its nearest parent that does. */
  readonly locate: (path: PlanPath, atKey: boolean) => TextRange;
  /** Whether the file has something at a path. */
  readonly has: (path: PlanPath) => boolean;
}

const unreadable = (file: string, reason: string, cause?: unknown): MigbenchError =>
  new MigbenchError('plan-invalid', `${file}: ${reason}`, { cause });

/** Reads a plan file. Throws `plan-invalid` with the reason where it is not a text file. */
export async function readPlanText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    switch (systemErrorCode(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw unreadable(file, 'there is no such plan file; check the path', error);
      case 'EISDIR':
        throw unreadable(file, 'is a directory; name the plan file in it', error);
      case 'EACCES':
      case 'EPERM':
        throw unreadable(file, 'may not be read by this user; check its permissions', error);
      default:
        throw unreadable(file, `cannot be read: ${messageOf(error)}`, error);
    }
  });
  if (bytes.length > MAXIMUM_BYTES)
    throw unreadable(file, `is ${bytes.length} bytes long, a plan is at most ${MAXIMUM_BYTES}`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.includes('\0')) throw new TypeError('a NUL byte');
    return text;
  } catch (error) {
    throw unreadable(file, 'is not a UTF-8 text file; a plan is written in YAML', error);
  }
}

/** The library's message for a fault, in words that say what to do. */
function faultSentence(error: YAMLError, text: string): string {
  switch (error.code) {
    case 'DUPLICATE_KEY': {
      const key = /^[^:\s]*/.exec(text.slice(error.pos[0]))?.[0] ?? '';
      return `the key "${key}" is given twice in the same mapping; remove or rename one`;
    }
    case 'TAB_AS_INDENT':
      return 'a tab is used for indentation; YAML allows only spaces there';
    case 'MULTIPLE_DOCS':
      return 'a second YAML document begins here ("---"); a plan is one document';
    case 'TAG_RESOLVE_FAILED':
      return 'YAML tags ("!…") are not used in plans; remove it, or quote the text';
    default:
      return `YAML: ${error.message}`;
  }
}

/** The plain data of a document; a fault where its aliases expand too far. */
function plainData(document: Document.Parsed, faults: SyntaxFault[]): unknown {
  try {
    return document.toJS({ maxAliasCount: MAXIMUM_ALIASES });
  } catch (error) {
    const reason =
      error instanceof ReferenceError && error.message.startsWith('Excessive')
        ? `its aliases expand to more than ${MAXIMUM_ALIASES} values; write them out`
        : messageOf(error);
    faults.push({ range: { start: 0, end: 1 }, sentence: `YAML: ${reason}` });
    return undefined;
  }
}

const TOO_DEEP = 'YAML: lists or mappings are nested too deeply';

const rangeOf = (node: Node | null | undefined): TextRange | undefined => {
  const range = node?.range;
  return range === null || range === undefined ? undefined : { start: range[0], end: range[1] };
};

/** The key and value nodes of one step down. */
function step(
  document: Document.Parsed,
  node: Node | null,
  key: string | number,
): { key?: Node | null; value: Node | null } | undefined {
  const target = isAlias(node) ? (node.resolve(document) ?? null) : node;
  if (isSeq<Node>(target)) {
    const value = typeof key === 'number' ? target.items[key] : undefined;
    return value === undefined ? undefined : { value };
  }
  if (!isMap<Node, Node | null>(target)) return undefined;
  const pair = target.items.findLast(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
  );
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

/** Parses the text of a plan. Never throws: what is wrong is in `faults`. */
export function parsePlanText(text: string): PlanSource {
  const faults: SyntaxFault[] = [];
  const whole = { start: 0, end: 1 };
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: new LineCounter(),
      prettyErrors: false,
      logLevel: 'error',
      version: '1.2',
    });
  } catch (error) {
    const sentence = error instanceof RangeError ? TOO_DEEP : `YAML: ${messageOf(error)}`;
    return {
      data: undefined,
      faults: [{ range: whole, sentence }],
      locate: () => whole,
      has: () => false,
    };
  }
  for (const error of [...document.errors, ...document.warnings])
    faults.push({
      range: { start: error.pos[0], end: error.pos[1] },
      sentence: faultSentence(error, text),
    });
  const broken = document.errors.some(({ code }) => code !== 'DUPLICATE_KEY');
  const root: Node | null = document.contents;
  const isTooDeep = document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION');
  if (isTooDeep) faults.splice(0, faults.length, { range: whole, sentence: TOO_DEEP });
  return {
    data: broken ? undefined : plainData(document, faults),
    faults,
    has(path) {
      let node = root;
      for (const key of path) {
        const next = step(document, node, key);
        if (next === undefined) return false;
        node = next.value;
      }
      return true;
    },
    locate(path, atKey) {
      let node = root;
      let range = rangeOf(root) ?? whole;
      for (const [index, key] of path.entries()) {
        const next = step(document, node, key);
        if (next === undefined) break;
        const isLast = index === path.length - 1;
        // An empty value has no text of its own: its key stands for it.
        const own = rangeOf(next.value);
        const value = own === undefined || own.start === own.end ? undefined : own;
        range = (isLast && atKey ? rangeOf(next.key) : value) ?? rangeOf(next.key) ?? range;
        node = next.value;
      }
      return range;
    },
  };
}
