/** Commands in flight: each is answered, late, aborted or lost; exactly one of these. */
import { MigbenchError } from '../errors.ts';
import {
  abortError,
  commandTimeout,
  connectionClosed,
  protocolError,
  QmpCommandError,
} from './errors.ts';
import { isObject } from './events.ts';
import type { JsonObject } from './framing.ts';

interface Flight {
  readonly awaited: string;
  readonly command: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface FlightOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The error where nothing came in time; by default that the command was not answered. */
  readonly late?: (timeoutMs: number) => Error;
  /** What is awaited, for messages; by default the answer to the command. */
  readonly awaited?: string;
}

/** The commands in flight of one connection, by id. */
export class PendingCommands {
  readonly #label: string;
  readonly #flights = new Map<number, Flight>();
  /** Ids that nobody waits for any more, whose answer may still come: late is not unknown. */
  readonly #abandoned = new Set<number>();

  constructor(label: string) {
    this.#label = label;
  }

  /** Wait for the answer to `id`; `send`, where given, is called once the wait is set up. */
  wait(id: number, command: string, options: FlightOptions, send?: () => void): Promise<unknown> {
    const { timeoutMs, signal, awaited = `the answer to ${command}` } = options;
    const late = options.late ?? (() => commandTimeout(this.#label, command, timeoutMs));
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(abortError(this.#label, awaited, signal));
      const abandon = (error: Error): void => {
        this.#abandoned.add(id);
        this.#take(id)?.reject(error);
      };
      const onAbort = (): void => {
        if (signal !== undefined) abandon(abortError(this.#label, awaited, signal));
      };
      const timer = setTimeout(() => abandon(late(timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const settled = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#flights.set(id, {
        awaited,
        command,
        resolve: (result) => {
          settled();
          resolve(result);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      send?.();
    });
  }

  /**
   * Hand an answer to whoever waits for it.
   *
   * @throws MigbenchError `qmp-protocol` where its id was never sent.
   */
  answer(message: JsonObject): void {
    const { id, error } = message;
    if (typeof id === 'number' && this.#abandoned.delete(id)) return;
    const flight = typeof id === 'number' ? this.#take(id) : undefined;
    if (flight === undefined) throw protocolError(unknownAnswer(message));
    if (!isObject(error)) return flight.resolve(message['return']);
    flight.reject(
      new QmpCommandError({
        label: this.#label,
        command: flight.command,
        errorClass: String(error['class']),
        description: String(error['desc']),
      }),
    );
  }

  /** No more answers will come: every wait rejects, with an error that names its own command. */
  close(reason: string, broken?: Error): void {
    for (const [id, { awaited }] of this.#flights) {
      const error =
        broken === undefined
          ? connectionClosed(this.#label, awaited, reason)
          : new MigbenchError('qmp-protocol', `${broken.message} It came in place of ${awaited}.`, {
              cause: broken,
            });
      this.#take(id)?.reject(error);
    }
  }

  #take(id: number): Flight | undefined {
    const flight = this.#flights.get(id);
    this.#flights.delete(id);
    return flight;
  }
}

function unknownAnswer(message: JsonObject): string {
  const text = JSON.stringify(message).slice(0, 200);
  return message['id'] === undefined
    ? `an answer without an id, which QEMU gives to input that it cannot read: ${text}`
    : `an answer to a command that was never sent: ${text}`;
}
