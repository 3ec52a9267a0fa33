/** The end of a migration on the destination: the guest has arrived and runs there. */
import { poll } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import { scaledTimeoutMs } from '../guest/timeouts.ts';
import type { GuestShape } from '../plan/types.ts';
import type { MigrationSide } from './failure.ts';
import { awaitFile, type ReadFile } from './saved-file.ts';
import type { Route } from './uri.ts';

/** How long the destination may take to resume after it was sent the last byte, ms; to read a file it gets more. */
const RESUME_TIMEOUT_MS = 30_000;

export interface Arrival {
  readonly destination: MigrationSide;
  readonly route: Route;
  readonly guest: Pick<GuestShape, 'memoryBytes'>;
  /** Index of the destination's first event of this migration. */
  readonly since: number;
  readonly signal: AbortSignal;
}

/**
 * Wait until the destination runs the guest and says `completed`; a guest in a file is read back first.
 *
 * @returns what is known of that file, where there is one.
 * @throws MigbenchError `qmp-timeout` where the guest does not arrive; `interrupted`.
 */
export async function awaitArrival(arrival: Arrival): Promise<ReadFile | undefined> {
  const { destination, route, guest, since, signal } = arrival;
  const file = route.file === undefined ? undefined : await awaitFile(route.file, guest, signal);
  const incomingAtMs = performance.now();
  if (file !== undefined) {
    await destination.qmp.execute('migrate-incoming', { uri: route.destination });
  }
  await destination.qmp.waitForEvent((event) => event.name === 'RESUME', {
    // All that was sent over a link has arrived by now; in a file all is still to be read.
    timeoutMs: file === undefined ? RESUME_TIMEOUT_MS : scaledTimeoutMs(RESUME_TIMEOUT_MS, guest),
    since,
    signal,
  });
  await poll(
    async () => {
      const { status } = await destination.qmp.execute('query-migrate');
      return status === 'completed' ? true : undefined;
    },
    {
      intervalMs: 10,
      timeoutMs: RESUME_TIMEOUT_MS,
      signal,
      late: () =>
        new MigbenchError(
          'qmp-timeout',
          `The source says completed; the destination does not, ${RESUME_TIMEOUT_MS / 1000} s later.`,
        ),
    },
  );
  return file === undefined ? undefined : { ...file, incomingAtMs };
}
