/** Every error that migbench raises on purpose, and the exit code that each one ends the program with. */

/**
 * What went wrong, as a closed set that callers may switch on; never parse a message.
 *
 * - `usage`: a flag, path or argument is wrong.
 * - `plan-invalid`: the plan cannot be run as written.
 * - `host-unfit`: this machine lacks something the plan needs.
 * - `interrupted`: the user asked to stop.
 * - `qmp-*`: the conversation with a QEMU broke; see `harness/qmp/errors.ts`.
 * - `guest`: the guest did not start, or its agent did not answer.
 * - `record`: a run directory is unreadable or cannot be written.
 * - `internal`: a defect of migbench itself.
 */
export type ErrorCode =
  | 'usage'
  | 'plan-invalid'
  | 'host-unfit'
  | 'interrupted'
  | 'qmp-timeout'
  | 'qmp-closed'
  | 'qmp-protocol'
  | 'qmp-command'
  | 'guest'
  | 'record'
  | 'internal';

/** Base class of all deliberate errors. The message says what was expected, what was found, and what to do. */
export class MigbenchError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MigbenchError';
    this.code = code;
  }
}

/** Documented exit codes of the program (docs/formats.md, "Exit codes"). */
export const EXIT_CODES = {
  ok: 0,
  internal: 1,
  usage: 2,
  hostUnfit: 3,
  trialFailed: 4,
  untrusted: 5,
  gate: 99,
  interrupted: 130,
} as const;

/** Whether a file operation failed because there is no room, on the disk or in the user's quota. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '');
}

/** A full disk is no defect of ours, wherever it was met: such an error as one with advice; others as they are. */
export function explainFullDisk(error: unknown): unknown {
  if (error instanceof MigbenchError || !isDiskFull(error)) return error;
  return new MigbenchError(
    'host-unfit',
    `The disk is full: ${messageOf(error)}. What was recorded before is safe: free some space and go on with --resume.`,
    { cause: error },
  );
}

/** The exit code that an uncaught error ends the program with. */
export function exitCodeOf(uncaught: unknown): number {
  const error = explainFullDisk(uncaught);
  if (!(error instanceof MigbenchError)) return EXIT_CODES.internal;
  switch (error.code) {
    case 'usage':
    case 'plan-invalid':
    case 'record':
      return EXIT_CODES.usage;
    case 'host-unfit':
      return EXIT_CODES.hostUnfit;
    case 'interrupted':
      return EXIT_CODES.interrupted;
    default:
      return EXIT_CODES.internal;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a Node system error such as `ENOENT`; `undefined` for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}
