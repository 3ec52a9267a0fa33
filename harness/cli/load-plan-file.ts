/** Loading a plan named on the command line, with the workloads this program knows. */
import { resolve } from 'node:path';
import { MigbenchError, messageOf } from '../errors.ts';
import { folderDigest } from '../plan/folder-digest.ts';
import { loadPlan, type LoadedPlan } from '../plan/load.ts';
import { thresholdProblem } from './thresholds.ts';
import { parseBuildReference } from '../qemu/builds/reference.ts';
import { builtInWorkload, builtInWorkloads, loadWorkload } from '../../workloads/registry.ts';

export interface PlanFileRequest {
  readonly file: string;
  /** `--set path=value`, in order. */
  readonly overrides: readonly string[];
  /** Instead of the file's text: the plan of a run that is resumed. */
  readonly text?: string;
  /** What relative paths in the plan are relative to; the file's own folder where absent. */
  readonly directory?: string;
  /** Refuse thresholds that compare with a baseline: the command has none. */
  readonly withoutBaseline?: boolean;
}

/** @throws MigbenchError `plan-invalid` with every problem as file:line:column. */
export async function loadPlanFile(request: PlanFileRequest): Promise<LoadedPlan> {
  const loaded = await loadPlan({
    file: request.file,
    overrides: request.overrides,
    ...(request.text === undefined ? {} : { text: request.text }),
    ...(request.directory === undefined ? {} : { directory: resolve(request.directory) }),
    checkThreshold: (text) => thresholdProblem(text, request.withoutBaseline === true),
    workloads: {
      ids: builtInWorkloads.map(({ definition }) => definition.id),
      byId: (id) => builtInWorkload(id)?.definition,
      byPath: async (folder) => ({
        definition: (await loadWorkload(folder)).definition,
        digest: await folderDigest(folder),
      }),
    },
  });
  checkBuilds(request.file, loaded);
  return loaded;
}

/** What the plan's own check of build references cannot know: which Debian suites there are. */
function checkBuilds(file: string, { plan }: LoadedPlan): void {
  const references = plan.cells.flatMap(({ spec }) => [spec.qemu.source, spec.qemu.destination]);
  for (const reference of new Set(references)) {
    try {
      parseBuildReference(reference);
    } catch (error) {
      throw new MigbenchError('plan-invalid', `${file}: qemu: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}
