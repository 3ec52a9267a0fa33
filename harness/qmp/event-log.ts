/** All events of one connection, in order, and everyone who waits for one. None is ever dropped. */
import { abortError, connectionClosed, eventTimeout } from './errors.ts';
import type { QmpEvent } from './events.ts';

export type EventListener = (event: QmpEvent) => void;

export interface WaitForEventOptions {
  /** In ms, from the call. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Index in `events` to look from; by default only events that arrive after the call. */
  readonly since?: number;
  /** What is awaited, for the error message: "RESUME of the destination". */
  readonly what?: string;
}

/** The events of one client. Its owner feeds it; everyone else reads. */
export class EventLog {
  readonly #label: string;
  readonly #events: QmpEvent[] = [];
  readonly #listeners = new Set<EventListener>();
  readonly #listenerErrors: unknown[] = [];
  readonly #waiters = new Set<(reason: string) => void>();
  #closedReason: string | undefined;

  constructor(label: string) {
    this.#label = label;
  }

  get events(): readonly QmpEvent[] {
    return this.#events;
  }

  get listenerErrors(): readonly unknown[] {
    return this.#listenerErrors;
  }

  /** Keep an event and tell the listeners; one that throws is noted and harms nobody else. */
  add(event: QmpEvent): void {
    this.#events.push(event);
    // A copy: a listener that is added while these are told does not hear of this event.
    const listeners = [...this.#listeners];
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#listenerErrors.push(error);
      }
    }
  }

  /** No more events will come: everyone who waits is told. */
  close(reason: string): void {
    if (this.#closedReason !== undefined) return;
    this.#closedReason = reason;
    for (const waiter of this.#waiters) waiter(reason);
  }

  onEvent(listener: EventListener): () => void {
    // A wrapper of its own, so that the same function can listen twice.
    const entry: EventListener = (event) => listener(event);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  waitForEvent<Event extends QmpEvent>(
    predicate: ((event: QmpEvent) => event is Event) | ((event: QmpEvent) => boolean),
    options: WaitForEventOptions,
  ): Promise<Event> {
    const { timeoutMs, signal, what = 'the awaited event' } = options;
    const matches = (event: QmpEvent): event is Event => predicate(event);
    return new Promise((resolve, reject) => {
      const earlier = this.#events.slice(options.since ?? this.#events.length).find(matches);
      if (earlier !== undefined) return resolve(earlier);
      if (signal?.aborted === true) return reject(abortError(this.#label, what, signal));
      if (this.#closedReason !== undefined) {
        return reject(connectionClosed(this.#label, what, this.#closedReason));
      }
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        unsubscribe();
        this.#waiters.delete(onClose);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const onClose = (reason: string): void =>
        settle(() => reject(connectionClosed(this.#label, what, reason)));
      const onAbort = (): void => {
        if (signal !== undefined) settle(() => reject(abortError(this.#label, what, signal)));
      };
      const timer = setTimeout(
        () => settle(() => reject(eventTimeout(this.#label, what, timeoutMs))),
        timeoutMs,
      );
      const unsubscribe = this.onEvent((event) => {
        try {
          if (matches(event)) settle(() => resolve(event));
        } catch (error) {
          settle(() => reject(error));
        }
      });
      this.#waiters.add(onClose);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
