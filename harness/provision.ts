/** Everything a run needs before it can measure: QEMU builds, the guest image, and the tools that shape links. */
import { join } from 'node:path';
import { hostCProgram } from './debian/host-program.ts';
import { openToolbox } from './debian/toolbox.ts';
import type { ProvisionOptions, ProvisionProgress } from './debian/progress.ts';
import { MigbenchError } from './errors.ts';
import { buildImage } from './guest/image.ts';
import type { Job } from './job.ts';
import { packageRoot } from './paths.ts';
import type { Cell, PlannedTrial } from './plan/types.ts';
import type { Progress } from './progress.ts';
import { BrokenBuildError, resolveBuild, type QemuBuild } from './qemu/builds/index.ts';
import type { SandboxKind } from './sandbox/enter.ts';
import { hostProgram, type Program } from './sandbox/process.ts';
import { formatDuration } from './units.ts';
import { builtInWorkloads, loadWorkload } from '../workloads/registry.ts';

export interface ProvisionRequest {
  /** Those to run: their builds are found. */
  readonly trials: readonly PlannedTrial[];
  /** All of the plan: one image serves it whole, so that a resumed run has the same. */
  readonly cells: readonly Cell[];
  readonly kind: SandboxKind;
  readonly progress: Progress;
  readonly mirror?: string;
  readonly signal: AbortSignal;
}

export type Provisions = Pick<Job, 'builds' | 'brokenBuilds' | 'image' | 'tools' | 'receiver'>;

/** Steps shorter than this are not worth a line, ms. */
const WORTH_A_LINE_MS = 1_000;

/**
 * Find or make all of them, side by side; from a warm cache in well under a second.
 *
 * A file that turns out to be no working QEMU is noted, so that the other builds can still be measured.
 *
 * @throws MigbenchError `host-unfit` where something cannot be had, saying what to do; `usage` for a reference that
 *   names no file, or where no trial is left without the broken builds; `interrupted`.
 */
export async function provision(request: ProvisionRequest): Promise<Provisions> {
  const { progress, trials, kind } = request;
  const failed = new AbortController();
  const signal = AbortSignal.any([request.signal, failed.signal]);
  const current = new Map<string, string>();
  const step = async <T>(
    name: string,
    work: (options: ProvisionOptions) => Promise<T>,
  ): Promise<T> => {
    const startedMs = performance.now();
    const onProgress = ({ phase, detail }: ProvisionProgress) => {
      current.set(name, `${name}: ${phase} ${detail}`);
      progress.live([...current.values()].join('\n'));
    };
    try {
      const result = await work({
        onProgress,
        signal,
        ...(request.mirror === undefined ? {} : { mirror: request.mirror }),
      });
      const tookMs = performance.now() - startedMs;
      const line = `${name}: ready (${formatDuration(tookMs)})`;
      if (tookMs > WORTH_A_LINE_MS) progress.line(line);
      else progress.detail(line);
      return result;
    } catch (error) {
      failed.abort(new MigbenchError('interrupted', `${name} failed.`));
      throw error;
    } finally {
      current.delete(name);
    }
  };
  const references = new Set(
    trials.flatMap(({ cell }) => [cell.spec.qemu.source, cell.spec.qemu.destination]),
  );
  const broken: Record<string, string> = {};
  const builds = [...references].map((reference) =>
    step(`QEMU ${reference}`, async (options) => {
      try {
        return await resolveBuild(reference, options);
      } catch (error) {
        if (!(error instanceof BrokenBuildError)) throw ofPlan(reference, error);
        broken[reference] = error.message;
        return undefined;
      }
    }),
  );
  // With no build left there is no use in the rest of the downloads.
  const usable = Promise.all(builds).then((resolved) => {
    try {
      requireOneUsable(trials, broken);
    } catch (error) {
      failed.abort(new MigbenchError('interrupted', 'No QEMU is left.'));
      throw error;
    }
    return resolved.flatMap((build) => build ?? []);
  });
  const image = step('guest image', async (options) =>
    buildImage({ ...options, workloads: await workloadsOf(request.cells) }),
  );
  const tools =
    kind.mode === 'loopback'
      ? Promise.resolve(undefined)
      : step('tools', async (options) => {
          const toolbox = await openToolbox(['ip', 'tc'], options);
          return {
            ip: toolbox.program('ip'),
            tc: toolbox.program('tc'),
            ...(needsStream(request.cells) ? { stream: await streamProgram(options) } : {}),
          };
        });
  const receiver = step('heartbeat receiver', (options) =>
    hostCProgram(join(packageRoot, 'harness', 'observe', 'receiver.c'), options),
  );
  const settled = await Promise.allSettled([usable, ...builds, image, tools, receiver]);
  progress.end();
  throwFirstCause(settled);
  const found = await usable;
  for (const [reference, reason] of Object.entries(broken)) {
    progress.line(`QEMU ${reference}: ${reason} Its cells will fail; the others are run.`);
  }
  return {
    builds: byReference(found),
    brokenBuilds: broken,
    image: await image,
    tools: await tools,
    receiver: await receiver,
  };
}

/** Where in a plan a build that cannot be had is named. */
function ofPlan(reference: string, error: unknown): unknown {
  if (!(error instanceof MigbenchError) || error.code !== 'usage') return error;
  return new MigbenchError('usage', `The plan's qemu ${reference}: ${error.message}`, {
    cause: error,
  });
}

/** @throws MigbenchError `usage` where every trial needs a build that is broken. */
function requireOneUsable(
  trials: readonly PlannedTrial[],
  broken: Readonly<Record<string, string>>,
): void {
  const isUsable = ({ source, destination }: Cell['spec']['qemu']) =>
    broken[source] === undefined && broken[destination] === undefined;
  if (trials.some(({ cell }) => isUsable(cell.spec.qemu))) return;
  const reasons = Object.entries(broken).map(
    ([reference, reason]) => `The plan's qemu ${reference}: ${reason}`,
  );
  throw new MigbenchError(
    'usage',
    `${reasons.join('\n')}\nNo trial is left without it: name a file that is a QEMU for x86-64 guests.`,
  );
}

/** The failure that made the others stop, not one of those. */
function throwFirstCause(settled: readonly PromiseSettledResult<unknown>[]): void {
  const reasons = settled.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (reasons.length === 0) return;
  const isInterruption = (reason: unknown) =>
    reason instanceof MigbenchError && reason.code === 'interrupted';
  throw reasons.find((reason) => !isInterruption(reason)) ?? reasons[0];
}

function byReference(builds: readonly QemuBuild[]): Record<string, QemuBuild> {
  return Object.fromEntries(builds.map((build) => [build.reference, build]));
}

function needsStream(cells: readonly Cell[]): boolean {
  return cells.some(({ spec }) => spec.link.competingBitsPerSecond !== undefined);
}

async function streamProgram(options: ProvisionOptions): Promise<Program> {
  return hostProgram(
    await hostCProgram(join(packageRoot, 'harness', 'sandbox', 'stream.c'), options),
  );
}

/** All built-in workloads, so that one image serves every plan, and those of the user's own that this plan names. */
async function workloadsOf(cells: readonly Cell[]) {
  const paths = new Set(cells.flatMap(({ spec }) => spec.workload.path ?? []));
  return [...builtInWorkloads, ...(await Promise.all([...paths].map(loadWorkload)))];
}
