/** Two QEMUs made of recordings, for the real `migrate()`: each side over a socket of its own. */
import type { CellSpec } from '../../../harness/plan/types.ts';
import { migrate } from '../../../harness/migration/driver.ts';
import type { MigrationSide } from '../../../harness/migration/failure.ts';
import type { LinkSwitch } from '../../../harness/migration/outage.ts';
import type { MigrationObservation } from '../../../harness/migration/observation.ts';
import { isEvent, QmpClient } from '../../../harness/qmp/index.ts';
import type { Exit } from '../../../harness/sandbox/running.ts';
import { ReplayServer, readTranscript, type ReplayStep } from '../replay-server.ts';

const FIXTURES = new URL('../../fixtures/qmp/', import.meta.url);

export const VERSIONS = ['5.2', '7.2', '10.0', '11.1'] as const;
export type Version = (typeof VERSIONS)[number];

/** The recordings were made with this address. */
export const URI = 'unix:/run/m';

/** Both sides' steps from their negotiation on, without the settings before the migration and what comes after it. */
export interface Recording {
  readonly source: readonly ReplayStep[];
  readonly destination: readonly ReplayStep[];
}

/** What a step sends or expects, as far as tests look at it. */
export interface Words {
  readonly execute?: string;
  readonly event?: string;
  readonly data?: { readonly status?: string; readonly pass?: number };
  readonly return?: { readonly status?: string; readonly [field: string]: unknown };
  readonly timestamp?: { readonly seconds: number; readonly microseconds: number };
  readonly id?: unknown;
}

export function wordsOf(step: ReplayStep): Words {
  return 'message' in step ? step.message : {};
}

const END = new Set(['completed', 'cancelled', 'failed']);

/**
 * The part of a recording that belongs to the migration: the negotiation, then from `first` to the first answer that
 * names an end. The driver asks exactly as often as the recording does, because the replay does not wait.
 */
function migrationPart(steps: readonly ReplayStep[], first: string): ReplayStep[] {
  const begin = steps.findIndex((step) => wordsOf(step).execute === first);
  const end = steps.findIndex(
    (step, index) => index > begin && END.has(wordsOf(step).return?.status ?? ''),
  );
  return [...steps.slice(0, 3), ...steps.slice(begin, end < 0 ? undefined : end + 1)];
}

/** Tells the destination that the source has stopped; no QEMU was ever asked this in a recording. */
const GO_ON: readonly ReplayStep[] = [
  { direction: 'send', message: { execute: 'query-name', id: 'go on' } },
  { direction: 'receive', message: { return: {}, id: 'go on' } },
];

/** Where the recording has a RESUME, the destination waits before it for word that the source has stopped. */
function waitBeforeResume(steps: readonly ReplayStep[]): ReplayStep[] {
  const resume = steps.findIndex((step) => wordsOf(step).event === 'RESUME');
  return resume < 0 ? [...steps] : [...steps.slice(0, resume), ...GO_ON, ...steps.slice(resume)];
}

export async function recording(version: Version, scenario: string): Promise<Recording> {
  const read = (label: string) =>
    readTranscript(new URL(`${version}/${scenario}.${label}.jsonl`, FIXTURES));
  return {
    source: migrationPart(await read('source'), 'migrate'),
    destination: waitBeforeResume(migrationPart(await read('destination'), 'migrate-incoming')),
  };
}

/** STOP on the source to RESUME on the destination in a recording, ms. */
export function recordedPauseMs({ source, destination }: Recording): number {
  const stampUs = (steps: readonly ReplayStep[], name: string) => {
    const found = steps.map(wordsOf).find(({ event }) => event === name)?.timestamp;
    if (found === undefined) throw new Error(`The recording has no ${name}.`);
    return found.seconds * 1_000_000 + found.microseconds;
  };
  return (stampUs(destination, 'RESUME') - stampUs(source, 'STOP')) / 1000;
}

/** A plain pre-copy cell, overridden field by field. */
export function spec(overrides: Partial<CellSpec> = {}): CellSpec {
  return {
    workload: { id: 'idle', parameters: {} },
    guest: { memoryBytes: 64 * 2 ** 20, vcpus: 1, backend: 'ram' },
    accelerator: 'tcg',
    qemu: { source: 'system', destination: 'system' },
    link: { bandwidthBitsPerSecond: 'unlimited' },
    transport: 'unix',
    capabilities: {},
    parameters: {},
    windows: { baselineMs: 0, settleMs: 0, settleLimitMs: 0 },
    probes: { heartbeat: 'off', service: false },
    deadlineMs: 20_000,
    ...overrides,
  };
}

export interface Play {
  readonly recording: Recording;
  readonly spec: CellSpec;
  /** How a side's process ended, where it did. */
  readonly exits?: { readonly source?: Exit; readonly destination?: Exit };
  readonly commandTimeoutMs?: number;
  /** Told where the driver takes the link down and up. */
  readonly link?: LinkSwitch;
  readonly signal?: AbortSignal;
}

async function side(
  label: 'source' | 'destination',
  server: ReplayServer,
  play: Play,
): Promise<MigrationSide & { qmp: QmpClient }> {
  const exit = play.exits?.[label];
  return {
    label,
    qmp: await QmpClient.connect({
      path: server.path,
      label,
      connectTimeoutMs: 5000,
      commandTimeoutMs: play.commandTimeoutMs ?? 5000,
    }),
    process: { waitForExit: () => Promise.resolve(exit) },
    ownWords: exit === undefined ? '' : '\nQEMU says: goodbye',
  };
}

/** Run the real driver against two recordings; fails where it says anything that is not in them. */
export async function rehearse(play: Play): Promise<MigrationObservation> {
  await using sourceServer = await ReplayServer.start(play.recording.source);
  await using destinationServer = await ReplayServer.start(play.recording.destination);
  const source = await side('source', sourceServer, play);
  const destination = await side('destination', destinationServer, play);
  await using _source = source.qmp;
  await using _destination = destination.qmp;
  const waits = play.recording.destination.some((step) => wordsOf(step).execute === 'query-name');
  let gone: Promise<unknown> = Promise.resolve();
  source.qmp.onEvent((event) => {
    // A destination that dies in the middle does not answer.
    if (waits && isEvent(event, 'STOP')) {
      gone = destination.qmp.executeUntyped('query-name').catch(() => undefined);
    }
  });
  const observation = await migrate({
    source,
    destination,
    spec: play.spec,
    route: { source: URI, destination: URI, recovery: URI },
    link: play.link ?? { setLink: () => Promise.resolve() },
    signal: play.signal ?? new AbortController().signal,
  });
  await gone;
  await Promise.all([sourceServer.finished, destinationServer.finished]);
  return observation;
}
