/** How a conversation with a QEMU can break, and the sentences that say so. */
import { MigbenchError } from '../errors.ts';

/** QEMU refused a command: it answered with an error instead of a result. Code `qmp-command`. */
export class QmpCommandError extends MigbenchError {
  /** Which QEMU, in the program's words: `source`, `destination`. */
  readonly label: string;
  /** The command that was refused. */
  readonly command: string;
  /** QEMU's `class`: mostly `GenericError`; `CommandNotFound` where the build lacks the command. */
  readonly errorClass: string;
  /** QEMU's `desc`, word for word. For people: never parse it. */
  readonly description: string;

  constructor(
    refusal: Readonly<Record<'label' | 'command' | 'errorClass' | 'description', string>>,
  ) {
    const { label, command, errorClass, description } = refusal;
    super('qmp-command', `${label}: QEMU refused ${command}: ${description} (${errorClass})`);
    this.name = 'QmpCommandError';
    this.label = label;
    this.command = command;
    this.errorClass = errorClass;
    this.description = description;
  }
}

/** No answer in time. Code `qmp-timeout`. */
export function commandTimeout(label: string, command: string, timeoutMs: number): MigbenchError {
  return new MigbenchError(
    'qmp-timeout',
    `${label}: QEMU did not answer ${command} within ${timeoutMs} ms. ` +
      `It may be stopped, hung or starved of CPU: look at its log and at the load of the host.`,
  );
}

/** Connected, but no greeting in time. Code `qmp-timeout`. */
export function greetingTimeout(label: string, timeoutMs: number): MigbenchError {
  return new MigbenchError(
    'qmp-timeout',
    `${label}: no QMP greeting within ${timeoutMs} ms. A monitor serves one client at a time: ` +
      `is another one connected? Else look at QEMU's log.`,
  );
}

/** No such event in time. Code `qmp-timeout`. */
export function eventTimeout(label: string, awaited: string, timeoutMs: number): MigbenchError {
  return new MigbenchError(
    'qmp-timeout',
    `${label}: ${awaited} did not come within ${timeoutMs} ms. ` +
      `Look at the events in the QMP transcript and at query-migrate's last status.`,
  );
}

/** The connection ended while something waited for it. Code `qmp-closed`. */
export function connectionClosed(
  label: string,
  awaited: string,
  reason: string,
  cause?: unknown,
): MigbenchError {
  return new MigbenchError(
    'qmp-closed',
    `${label}: the QMP connection ended before ${awaited}: ${reason}. ` +
      `Look at QEMU's log and exit code.`,
    cause === undefined ? undefined : { cause },
  );
}

/** What came is not QMP. Code `qmp-protocol`. */
export function protocolError(what: string, cause?: unknown): MigbenchError {
  return new MigbenchError(
    'qmp-protocol',
    `What arrived is not QMP: ${what}`,
    cause === undefined ? undefined : { cause },
  );
}

/** The error of an aborted wait: the signal's own reason where that is one of ours, else code `interrupted`. */
export function abortError(label: string, awaited: string, signal: AbortSignal): MigbenchError {
  const reason: unknown = signal.reason;
  if (reason instanceof MigbenchError) return reason;
  return new MigbenchError('interrupted', `${label}: interrupted while waiting for ${awaited}.`, {
    cause: reason,
  });
}
