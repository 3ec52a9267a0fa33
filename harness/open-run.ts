/** Opening a run directory for a run: a new one, or one that is to be gone on with. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { describeHost } from './host.ts';
import type { RunRequest } from './pipeline.ts';
import { planHash } from './plan/canonical.ts';
import type { Provisions } from './provision.ts';
import { finishedTrials } from './record/resume.ts';
import { SCHEMA_VERSION, type Environment } from './record/schema.ts';
import { RunWriter } from './record/writer.ts';
import type { SandboxKind } from './sandbox/enter.ts';
import { migbenchVersion } from './version.ts';

export interface OpenedRun extends AsyncDisposable {
  /** Ids of the trials that need not be run again. */
  readonly finished: ReadonlySet<string>;
  /** What had to be repaired. */
  readonly warnings: readonly string[];
  /** Write down what was provisioned, and let go of the directory: the measuring process is its writer from here. */
  provisioned(provisions: Provisions): Promise<void>;
}

function newEnvironment(
  request: RunRequest,
  plannedTrials: number,
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
    plannedTrials,
    host: describeHost(),
    sandboxMode: kind.mode,
    guestNetwork: kind.guestNetwork,
    notes: [...kind.notes],
    accelerators: [],
    qemu: [],
    image: { key: '', kernel: '', suite: '' },
    calibrations: [],
  };
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
  plannedTrials: number,
  kind: SandboxKind,
): Promise<OpenedRun> {
  const { runDirectory, loaded } = request;
  const existed = existsSync(runDirectory);
  let finished: ReadonlySet<string> = new Set();
  let warnings: readonly string[] = [];
  let writer: RunWriter | undefined;
  if (request.resume) {
    const resumed = await RunWriter.resume(runDirectory, loaded.plan);
    writer = resumed.writer;
    finished = finishedTrials(resumed.state.outcomes, request.retry);
    warnings = resumed.state.warnings;
  } else {
    writer = await RunWriter.create(runDirectory, {
      planText: loaded.text,
      plan: loaded.plan,
      environment: newEnvironment(request, plannedTrials, kind),
    });
  }
  let begun = request.resume;
  return {
    finished,
    warnings,
    provisioned: async ({ builds, image }) => {
      begun = true;
      if (writer === undefined) return;
      await writer.updateEnvironment({
        ...writer.environment,
        qemu: Object.values(builds).map((build) => ({
          reference: build.reference,
          version: build.version,
          package: build.package,
          sha256: build.sha256,
        })),
        image: { key: image.key, kernel: image.kernelVersion, suite: image.suite },
        notes: [
          ...new Set([
            ...writer.environment.notes,
            ...Object.values(builds).flatMap((build) => build.note ?? []),
          ]),
        ],
      });
      await writer[Symbol.asyncDispose]();
      writer = undefined;
    },
    [Symbol.asyncDispose]: async () => {
      await writer?.[Symbol.asyncDispose]();
      if (!begun && !existed) await rm(runDirectory, { recursive: true, force: true });
    },
  };
}
