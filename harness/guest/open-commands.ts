/** The commands that the guest agent has not answered yet, by their ids. */
import { MigbenchError } from '../errors.ts';
import { formatCommand, type AgentMessage } from './protocol.ts';
import { Deadline, newCommandId, Resender, type WaitOptions } from './telemetry-command.ts';

interface OpenCommand {
  readonly deadline: Deadline<string>;
  readonly resender: Resender;
  readonly describe: string;
}

export class OpenCommands {
  readonly #send: (datagram: string) => void;
  readonly #commands = new Map<string, OpenCommand>();

  /** @param send to wherever the guest may be. */
  constructor(send: (datagram: string) => void) {
    this.#send = send;
  }

  has(id: string): boolean {
    return this.#commands.has(id);
  }

  /**
   * Send a command, again and again, until it is answered; the guest does it once.
   *
   * @param late makes the error of a deadline that passed.
   * @returns the text of the answer.
   * @throws MigbenchError `guest` where the guest refuses, with its reason.
   */
  async give(
    verb: string,
    args: readonly string[],
    options: WaitOptions,
    late: () => Error,
  ): Promise<string> {
    const id = newCommandId();
    const datagram = formatCommand(id, verb, args);
    const describe = [verb, ...args].join(' ');
    const deadline = new Deadline<string>(options, `"${describe}"`, late);
    using resender = new Resender(() => this.#send(datagram));
    this.#commands.set(id, { deadline, resender, describe });
    try {
      return await deadline.promise;
    } finally {
      this.#commands.delete(id);
    }
  }

  take({ id, status, text }: Extract<AgentMessage, { kind: 'reply' }>): void {
    const command = this.#commands.get(id);
    if (command === undefined || command.deadline.settled) return;
    if (status === 'pending') command.resender.slowDown();
    else if (status === 'ok') command.deadline.resolve(text);
    else {
      command.deadline.reject(
        new MigbenchError('guest', `The guest refused "${command.describe}": ${text}.`),
      );
    }
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const { deadline, describe } of this.#commands.values()) {
      deadline.reject(new MigbenchError('interrupted', `Telemetry closed during "${describe}".`));
    }
  }
}
