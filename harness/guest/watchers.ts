/** Waiting for something to come true of a guest: looked at after each of its datagrams, and a few times per second. */
import { Deadline, type WaitOptions } from './telemetry-command.ts';

/** How often to look again when no datagram comes, in ms. */
const LOOK_MS = 100;

export class Watchers {
  readonly #watchers = new Set<() => void>();

  /** A datagram came. */
  look(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /**
   * Wait until `look` returns something.
   *
   * @param late makes the error of a deadline that passed.
   * @throws what `look` throws.
   */
  async until<T>(
    look: () => T | undefined,
    what: string,
    options: WaitOptions,
    late: () => Error,
  ): Promise<T> {
    const deadline = new Deadline<T>(options, what, late);
    const watcher = (): void => {
      if (deadline.settled) return;
      try {
        const found = look();
        if (found !== undefined) deadline.resolve(found);
      } catch (error) {
        deadline.reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    this.#watchers.add(watcher);
    const timer = setInterval(watcher, LOOK_MS);
    watcher();
    try {
      return await deadline.promise;
    } finally {
      clearInterval(timer);
      this.#watchers.delete(watcher);
    }
  }
}
