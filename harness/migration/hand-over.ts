/**
 * The beginning of mode cpr-transfer: the destination speaks only when the source has handed it the guest's memory,
 * which is the first thing that `migrate` does; the rest waits until the destination listens.
 */
import { handOverChannel } from '../qemu/command-line.ts';
import type { QmpClient } from '../qmp/index.ts';
import type { Route } from './uri.ts';

/** When `migrate` was sent (performance.now), and how many events the source had had by then. */
export interface Begun {
  readonly startedAtMs: number;
  readonly sourceSince: number;
}

/**
 * Tell the source to begin.
 *
 * @param path where the destination waits for the memory.
 * @throws QmpCommandError with QEMU's own words where it cannot.
 */
export async function handOver(qmp: QmpClient, route: Route, path: string): Promise<Begun> {
  const begun = { sourceSince: qmp.events.length, startedAtMs: performance.now() };
  const main = { transport: 'socket', type: 'unix', path: route.source.replace(/^unix:/u, '') };
  await qmp.execute('migrate', {
    channels: [{ 'channel-type': 'main', addr: main }, handOverChannel(path)],
  });
  return begun;
}
