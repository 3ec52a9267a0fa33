/** Asking for something at a steady pace, on a schedule that does not drift; late turns are left out, not made up. */

export class Sampler {
  readonly #take: () => void | Promise<void>;
  readonly #intervalMs: () => number;
  #nextMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  /** @param intervalMs from one turn to the next; a function is asked before each. */
  constructor(intervalMs: number | (() => number), take: () => void | Promise<void>) {
    this.#intervalMs = typeof intervalMs === 'number' ? () => intervalMs : intervalMs;
    this.#take = take;
  }

  start(): void {
    this.#nextMs = performance.now();
    this.#schedule();
  }

  /**
   * End after the turn that is under way.
   *
   * @throws what a turn threw; sampling ended then.
   */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #schedule(): void {
    const now = performance.now();
    const intervalMs = this.#intervalMs();
    while (this.#nextMs <= now) this.#nextMs += intervalMs;
    this.#timer = setTimeout(() => {
      this.#running = this.#turn();
    }, this.#nextMs - now);
  }

  async #turn(): Promise<void> {
    try {
      await this.#take();
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      return;
    }
    if (this.#timer !== undefined) this.#schedule();
  }
}
