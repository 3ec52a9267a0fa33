/** Ctrl-C: the first asks for an end in good order, the second ends at once. */
import { EXIT_CODES, MigbenchError } from '../errors.ts';

/** A signal that aborts on the first SIGINT, SIGTERM or SIGHUP; the second ends the program. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Everything in the sandbox dies with this process.
      if (controller.signal.aborted) process.exit(EXIT_CODES.interrupted);
      process.stderr.write('\nmigbench: stopping; again to stop at once.\n');
      controller.abort(new MigbenchError('interrupted', 'Interrupted.'));
    });
  }
  return controller.signal;
}
