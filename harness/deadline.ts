/** Waiting with a deadline: every wait in migbench goes through one of these. */
import { setTimeout as timer } from 'node:timers/promises';
import { MigbenchError } from './errors.ts';

/**
 * The value of `promise`, or what `late` gives (or throws) once `timeoutMs` have passed.
 *
 * The promise itself goes on; the caller owns its end.
 */
export function deadline<T, L>(
  promise: Promise<T>,
  timeoutMs: number,
  late: () => L,
): Promise<T | L> {
  return untilSilent(() => promise, timeoutMs, late);
}

/**
 * The value of `work`, or what `late` gives (or throws) once it has not called `heard` for `silenceMs`: for work whose
 * length depends on how much there is of it.
 *
 * The work itself goes on; the caller owns its end.
 */
export async function untilSilent<T, L>(
  work: (heard: () => void) => Promise<T>,
  silenceMs: number,
  late: () => L,
): Promise<T | L> {
  let handle: NodeJS.Timeout | undefined;
  const silence = new Promise<'late'>((resolve) => {
    handle = setTimeout(() => resolve('late'), silenceMs);
  });
  try {
    const promise = work(() => void handle?.refresh());
    const winner = await Promise.race([promise.then((value) => ({ value })), silence]);
    return winner === 'late' ? late() : winner.value;
  } finally {
    clearTimeout(handle);
    // What is heard from now on must not start it again.
    handle = undefined;
  }
}

/** Wait until `timeoutMs` have passed: for windows of measurement, whose length is the point. */
export async function window(timeoutMs: number, signal: AbortSignal): Promise<void> {
  try {
    await timer(timeoutMs, undefined, { signal });
  } catch (error) {
    throwIfInterrupted(signal);
    throw error;
  }
}

/**
 * Ask `probe` every `intervalMs` until it gives something other than `undefined`.
 *
 * @throws what `late` gives once `timeoutMs` have passed; MigbenchError `interrupted` on abort.
 */
export async function poll<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  options: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    readonly late: () => Error;
  },
): Promise<T> {
  const end = performance.now() + options.timeoutMs;
  for (;;) {
    throwIfInterrupted(options.signal);
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() >= end) throw options.late();
    await window(options.intervalMs, options.signal);
  }
}

/** @throws the signal's own reason where it is one of ours, else MigbenchError `interrupted`. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof MigbenchError) throw signal.reason;
  throw new MigbenchError('interrupted', 'Interrupted.', { cause: signal.reason });
}
