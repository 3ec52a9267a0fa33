/** Ctrl-C: the first asks for an end in good order, the second ends at once. A lost terminal only asks. */
import { EXIT_CODES, MigbenchError } from '../errors.ts';

/**
 * A signal that aborts on the first SIGINT, SIGTERM or SIGHUP; a second SIGINT or SIGTERM ends the program. SIGHUP never
 * does: where a terminal is lost it comes twice, from the shell and from the kernel when the shell has ended.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Everything in the sandbox dies with this process.
      if (controller.signal.aborted) {
        if (name === 'SIGHUP') return;
        process.exit(EXIT_CODES.interrupted);
      }
      process.stderr.write('\nmigbench: stopping; again to stop at once.\n');
      controller.abort(new MigbenchError('interrupted', 'Interrupted.'));
    });
  }
  // Node's own end gives signals back their first meaning some time before it is over: a SIGHUP would end it with 129.
  process.once('beforeExit', () => process.exit());
  return controller.signal;
}
