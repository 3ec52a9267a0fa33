/** How long a source may take to say how far it is. */
import { scaledTimeoutMs } from '../guest/timeouts.ts';
import type { CellSpec } from '../plan/types.ts';
import type { Route } from './uri.ts';

/** QEMU's own downtime limit, ms, where the plan sets none. */
const DEFAULT_DOWNTIME_LIMIT_MS = 300;

/**
 * In ms: while the guest is stopped QEMU may not answer at all; one that writes to a file does not before its file system
 * has taken what was written.
 *
 * @param usualMs what any command may take.
 */
export function answerTimeoutMs(
  usualMs: number,
  { parameters, guest }: Pick<CellSpec, 'parameters' | 'guest'>,
  { file }: Pick<Route, 'file'>,
): number {
  const limitMs = parameters['downtime-limit'];
  const answerMs =
    usualMs + 2 * (typeof limitMs === 'number' ? limitMs : DEFAULT_DOWNTIME_LIMIT_MS);
  return file === undefined ? answerMs : scaledTimeoutMs(answerMs, guest);
}
