/** The end of a migration on the destination: the guest has arrived and runs there. */
import { poll } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import type { MigrationSide } from './failure.ts';
import { awaitFile, type SavedFile } from './saved-file.ts';
import type { Route } from './uri.ts';

/** How long the destination may take to resume after the source has completed, ms. */
const RESUME_TIMEOUT_MS = 30_000;

export interface Arrival {
  readonly destination: MigrationSide;
  readonly route: Route;
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
export async function awaitArrival(arrival: Arrival): Promise<SavedFile | undefined> {
  const { destination, route, since, signal } = arrival;
  const file = route.file === undefined ? undefined : await awaitFile(route.file, signal);
  const incomingAtMs = performance.now();
  if (file !== undefined) {
    await destination.qmp.execute('migrate-incoming', { uri: route.destination });
  }
  const resume = await destination.qmp.waitForEvent((event) => event.name === 'RESUME', {
    timeoutMs: RESUME_TIMEOUT_MS,
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
  return file === undefined
    ? undefined
    : { ...file, restoreMs: resume.receivedAtMs - incomingAtMs };
}
