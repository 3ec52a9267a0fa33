/** The QMP client: what the rest of the harness may use. */
export { QmpClient } from './client.ts';
export type { Closed, ExecuteOptions, QmpConnectOptions } from './client-options.ts';
export { QmpCommandError } from './errors.ts';
export type { EventListener, WaitForEventOptions } from './event-log.ts';
export {
  isEvent,
  isMigrationStatus,
  type EventData,
  type EventName,
  type NamedEvent,
  type QmpEvent,
} from './events.ts';
export type { JsonObject } from './framing.ts';
export type * from './messages.ts';
export type * from './migration-info.ts';
export {
  PARAMETER_DIMENSIONS,
  canBeUnlimited,
  fromQmp,
  parametersFromQmp,
  toQmp,
  type Dimension,
  type ParameterSetting,
} from './parameters.ts';
export type { SchemaInfo, SchemaMember } from './schema-info.ts';
export {
  commandArguments,
  describeBuild,
  mismatch,
  type BuildDescription,
  type ValueType,
} from './schema.ts';
export { Transcript, type TranscriptDirection, type TranscriptEntry } from './transcript.ts';
export { migrationSample, type MigrationSample } from './units.ts';
