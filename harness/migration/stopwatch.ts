/** Where a trial's time went: lengths of its steps, one after the other. */

export class Stopwatch {
  #lastMs = performance.now();
  readonly #laps: Record<string, number> = {};

  /** End the step that began with the last lap, and give it a name; the same name again adds up. */
  lap(name: string): void {
    const now = performance.now();
    this.#laps[name] = (this.#laps[name] ?? 0) + (now - this.#lastMs);
    this.#lastMs = now;
  }

  /** Begin a step now: what passed since the last lap belongs to none. */
  restart(): void {
    this.#lastMs = performance.now();
  }

  /** Name → length in ms, in the order of the first lap of each. */
  get laps(): Readonly<Record<string, number>> {
    return this.#laps;
  }
}
