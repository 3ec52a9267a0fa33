/** Opening a run directory for a run: a new one, or one that is to be gone on with. */
import { randomBytes } from 'node:crypto';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { MigbenchError } from './errors.ts';
import { describeHost } from './host.ts';
import type { RunRequest } from './pipeline.ts';
import { planHash } from './plan/canonical.ts';
import { planTrials } from './plan/order.ts';
import type { PlannedTrial } from './plan/types.ts';
import type { Provisions } from './provision.ts';
import { finishedTrials } from './record/resume.ts';
import { SCHEMA_VERSION, type Environment } from './record/schema.ts';
import { RunWriter } from './record/writer.ts';
import type { SandboxKind } from './sandbox/enter.ts';
import { migbenchVersion } from './version.ts';

export interface OpenedRun extends AsyncDisposable {
  /** Ids of the trials that have a record. */
  readonly recorded: ReadonlySet<string>;
  /** Ids of the trials that need not be run again. */
  readonly finished: ReadonlySet<string>;
  /** As it was opened. */
  readonly environment: Environment;
  /** What had to be repaired. */
  readonly warnings: readonly string[];
  /** Write down what was provisioned, and let go of the directory: the measuring process is its writer from here. */
  provisioned(provisions: Provisions): Promise<void>;
}

/** How much is to be done, as environment.json has it. */
function extentOf(planned: readonly PlannedTrial[]) {
  const cells = new Set(planned.map(({ cell }) => cell.id));
  return { plannedTrials: planned.length, plannedCells: cells.size };
}

function newEnvironment(
  request: RunRequest,
  planned: readonly PlannedTrial[],
  kind: SandboxKind,
): Environment {
  const { plan } = request.loaded;
  const startedAt = new Date().toISOString();
  return {
    schemaVersion: SCHEMA_VERSION,
    runId: `${startedAt.slice(0, 19).replaceAll(/[-:]/gu, '')}Z-${randomBytes(3).toString('hex')}`,
    migbench: migbenchVersion(),
    node: process.versions.node,
    startedAt,
    planName: plan.name,
    planHash: planHash(plan),
    seed: plan.seed,
    repetitions: plan.repetitions,
    thresholds: [...plan.thresholds],
    ...extentOf(planned),
    host: describeHost(),
    sandboxMode: kind.mode,
    guestNetwork: kind.guestNetwork,
    notes: [...kind.notes],
    accelerators: [],
    qemu: [],
    image: { key: '', kernel: '', suite: '' },
    calibrations: [],
    ...(request.only === undefined ? {} : { only: request.only }),
    ...(request.aa === true ? { aa: true } : {}),
    ...request.comparing,
    ...(request.untilPrecision === undefined ? {} : { untilPrecision: request.untilPrecision }),
    ...(request.overrides === undefined || request.overrides.length === 0
      ? {}
      : { overrides: [...request.overrides] }),
  };
}

/** The folders that have to be made for a run directory, innermost first. */
function missingFolders(runDirectory: string): readonly string[] {
  const missing: string[] = [];
  for (let path = resolve(runDirectory); !existsSync(path); path = dirname(path))
    missing.push(path);
  return missing;
}

/** @throws MigbenchError `record` where trials of both kinds would stand in one run. */
function requireSameSandbox(environment: Environment, kind: SandboxKind, directory: string): void {
  const then = `${environment.sandboxMode}, guest network ${environment.guestNetwork}`;
  const now = `${kind.mode}, guest network ${kind.guestNetwork}`;
  if (then === now) return;
  throw new MigbenchError(
    'record',
    `The run in ${directory} began in another sandbox (${then}) than this user and host have now (${now}), and trials ` +
      `of both cannot be compared. Resume it as it was begun, or start a new run. ${kind.notes.join(' ')}`,
  );
}

/** What is different about the host since the run began: a warning each. */
function hostChanges(environment: Environment): string[] {
  const now = describeHost();
  return (['kernel', 'cpuModel', 'cpus'] as const).flatMap((fact) =>
    environment.host[fact] === now[fact]
      ? []
      : [
          `The host's ${fact} was ${environment.host[fact]} when the run began and is ${now[fact]} now: do not compare ` +
            'the trials from before with those to come.',
        ],
  );
}

/** @throws MigbenchError `record` where the remaining trials would run another QEMU or image than the first ones. */
function requireSameProvisions(
  environment: Environment,
  builds: Environment['qemu'],
  imageKey: string,
  directory: string,
): void {
  const changed = builds.flatMap((build) => {
    const then = environment.qemu.find(({ reference }) => reference === build.reference);
    return then === undefined || then.sha256 === build.sha256
      ? []
      : [
          `${build.reference} was ${then.version} ${then.package} and is ${build.version} ${build.package}`,
        ];
  });
  if (environment.image.key !== '' && environment.image.key !== imageKey) {
    changed.push('the guest image is another one');
  }
  if (changed.length === 0) return;
  throw new MigbenchError(
    'record',
    `The run in ${directory} cannot be resumed, since its trials could not be compared: ${changed.join('; ')}. ` +
      'Start a new run.',
  );
}

/**
 * Open the run directory before anything is downloaded, so that a wrong path is reported at once.
 *
 * A new directory in which nothing was measured in the end is taken away again.
 *
 * @throws MigbenchError `record` where it cannot be used, saying what to do.
 */
export async function openRun(
  request: RunRequest,
  planned: readonly PlannedTrial[],
  kind: SandboxKind,
): Promise<OpenedRun> {
  const { runDirectory, loaded } = request;
  const missing = missingFolders(runDirectory);
  let recorded: ReadonlySet<string> = new Set();
  let finished: ReadonlySet<string> = new Set();
  let warnings: readonly string[] = [];
  let writer: RunWriter | undefined;
  if (request.resume) {
    const resumed = await RunWriter.resume(runDirectory, loaded.plan);
    writer = resumed.writer;
    recorded = new Set(resumed.state.outcomes.keys());
    finished = finishedTrials(resumed.state.outcomes, request.retry);
    const { environment } = writer;
    requireSameSandbox(environment, kind, runDirectory);
    warnings = [...resumed.state.warnings, ...hostChanges(environment)];
    // Those of the begin, and what is gone on with, which may be others (--only).
    const { only } = environment;
    const first = planTrials(loaded.plan, only === undefined ? {} : { only });
    const { plannedCells } = extentOf([...first, ...planned]);
    await writer.updateEnvironment({
      ...environment,
      plannedTrials: Math.max(environment.plannedTrials, planned.length),
      plannedCells: Math.max(environment.plannedCells ?? 0, plannedCells),
    });
  } else {
    writer = await RunWriter.create(runDirectory, {
      planText: loaded.text,
      plan: loaded.plan,
      environment: newEnvironment(request, planned, kind),
    });
  }
  let begun = request.resume;
  return {
    environment: writer.environment,
    recorded,
    finished,
    warnings,
    provisioned: async ({ builds, image }) => {
      begun = true;
      if (writer === undefined) return;
      const { environment } = writer;
      const found = Object.values(builds).map(
        ({ reference, version, package: vendor, sha256 }) => ({
          reference,
          version,
          package: vendor,
          sha256,
        }),
      );
      requireSameProvisions(environment, found, image.key, runDirectory);
      const others = environment.qemu.filter(({ reference }) => builds[reference] === undefined);
      await writer.updateEnvironment({
        ...environment,
        qemu: [...others, ...found],
        image: { key: image.key, kernel: image.kernelVersion, suite: image.suite },
        notes: [
          ...new Set([
            ...environment.notes,
            ...Object.values(builds).flatMap((build) => build.note ?? []),
          ]),
        ],
      });
      await writer[Symbol.asyncDispose]();
      writer = undefined;
    },
    [Symbol.asyncDispose]: async () => {
      await writer?.[Symbol.asyncDispose]();
      if (begun || missing.length === 0) return;
      await rm(runDirectory, { recursive: true, force: true });
      // A folder that someone else has begun to use meanwhile is not empty, and stays.
      for (const folder of missing.slice(1)) await rmdir(folder).catch(() => undefined);
    },
  };
}
