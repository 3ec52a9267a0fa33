/** QMP's events: what they carry, and how one is read off the wire. */
import { protocolError } from './errors.ts';
import type { JsonObject } from './framing.ts';
import type { MigrationStatus } from './migration-info.ts';

type NoData = JsonObject;

/** The data of the events that a migration harness waits for, by name. */
export interface EventData {
  STOP: NoData;
  RESUME: NoData;
  /** A change of state; only with the capability `events`. */
  MIGRATION: { readonly status: MigrationStatus };
  /** A pass begins, from 1; only with the capability `events`. */
  MIGRATION_PASS: { readonly pass: number };
  SHUTDOWN: { readonly guest: boolean; readonly reason?: string };
  RESET: { readonly guest: boolean; readonly reason?: string };
  POWERDOWN: NoData;
  SUSPEND: NoData;
  WAKEUP: NoData;
  WATCHDOG: { readonly action: string };
  GUEST_PANICKED: { readonly action: string; readonly info?: JsonObject };
  GUEST_CRASHLOADED: { readonly action: string; readonly info?: JsonObject };
  JOB_STATUS_CHANGE: { readonly id: string; readonly status: string };
  BLOCK_JOB_READY: { readonly type: string; readonly device: string } & JsonObject;
  BLOCK_JOB_COMPLETED: { readonly type: string; readonly device: string } & JsonObject;
  BLOCK_IO_ERROR: { readonly device: string; readonly reason: string } & JsonObject;
  UNPLUG_PRIMARY: { readonly 'device-id': string };
  DEVICE_DELETED: { readonly device?: string; readonly path: string };
}

export type EventName = keyof EventData;

/** An event as it came; `isEvent` gives its data a type. */
export interface QmpEvent {
  readonly name: string;
  readonly data: JsonObject;
  /** QEMU's own stamp: wall clock of QEMU's host, µs since the epoch. The pause is a difference of two of these. */
  readonly qemuTimeUs: number;
  /** When the bytes arrived here: performance.now(), ms. Later than the event by the wait in QEMU and in this program. */
  readonly receivedAtMs: number;
}

/** An event whose name is known. */
export interface NamedEvent<Name extends EventName> extends QmpEvent {
  readonly name: Name;
  readonly data: EventData[Name] & JsonObject;
}

/** Whether an event has this name; gives its data a type. */
export function isEvent<Name extends EventName>(
  event: QmpEvent,
  name: Name,
): event is NamedEvent<Name> {
  return event.name === name;
}

/** Whether an event is a MIGRATION with one of these states. */
export function isMigrationStatus(
  event: QmpEvent,
  ...statuses: readonly MigrationStatus[]
): event is NamedEvent<'MIGRATION'> {
  return isEvent(event, 'MIGRATION') && statuses.includes(event.data.status);
}

/**
 * Read an event message.
 *
 * @throws MigbenchError `qmp-protocol` where it has no name or no timestamp.
 */
export function parseEvent(message: JsonObject, receivedAtMs: number): QmpEvent {
  const { event: name, data, timestamp } = message;
  const qemuTimeUs = stampOf(timestamp);
  if (typeof name !== 'string' || qemuTimeUs === undefined) {
    throw protocolError(
      `expected an event with a name and a timestamp, found ${JSON.stringify(message).slice(0, 200)}`,
    );
  }
  return { name, data: isObject(data) ? data : {}, qemuTimeUs, receivedAtMs };
}

/** Seconds and microseconds → µs. Exact: today's values are far below 2^53. */
function stampOf(timestamp: unknown): number | undefined {
  if (!isObject(timestamp)) return undefined;
  const { seconds, microseconds } = timestamp;
  if (typeof seconds !== 'number' || typeof microseconds !== 'number') return undefined;
  return seconds * 1_000_000 + microseconds;
}

/** Whether a value is a JSON object (not a list, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
