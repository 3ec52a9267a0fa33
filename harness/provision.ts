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
import { resolveBuild, type QemuBuild } from './qemu/builds/index.ts';
import type { SandboxKind } from './sandbox/enter.ts';
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

export type Provisions = Pick<Job, 'builds' | 'image' | 'tools' | 'receiver'>;

/** Steps shorter than this are not worth a line, ms. */
const WORTH_A_LINE_MS = 1_000;

/**
 * Find or make all of them, side by side; from a warm cache in well under a second.
 *
 * @throws MigbenchError `host-unfit` where something cannot be had, saying what to do; `plan-invalid` for a reference
 *   that names no QEMU; `interrupted`.
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
  const builds = [...references].map((reference) =>
    step(`QEMU ${reference}`, (options) => resolveBuild(reference, options)),
  );
  const image = step('guest image', async (options) =>
    buildImage({ ...options, workloads: await workloadsOf(request.cells) }),
  );
  const tools =
    kind.mode === 'loopback'
      ? Promise.resolve(undefined)
      : step('tools', async (options) => {
          const toolbox = await openToolbox(['ip', 'tc'], options);
          return { ip: toolbox.program('ip'), tc: toolbox.program('tc') };
        });
  const receiver = step('heartbeat receiver', (options) =>
    hostCProgram(join(packageRoot, 'harness', 'observe', 'receiver.c'), options),
  );
  const settled = await Promise.allSettled([...builds, image, tools, receiver]);
  progress.end();
  throwFirstCause(settled);
  const found = await Promise.all(builds);
  return {
    builds: byReference(found),
    image: await image,
    tools: await tools,
    receiver: await receiver,
  };
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

/** All built-in workloads, so that one image serves every plan, and those of the user's own that this plan names. */
async function workloadsOf(cells: readonly Cell[]) {
  const paths = new Set(cells.flatMap(({ spec }) => spec.workload.path ?? []));
  return [...builtInWorkloads, ...(await Promise.all([...paths].map(loadWorkload)))];
}
