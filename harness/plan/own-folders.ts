/** Folders of the user's own that trials read. */
import type { PlannedTrial } from './types.ts';

/** Absolute: of workloads, and of TLS credentials. */
export function ownFolders(trials: readonly Pick<PlannedTrial, 'cell'>[]): string[] {
  return trials.flatMap(({ cell: { spec } }) =>
    [spec.workload.path, spec.tls?.directory].flatMap((folder) => folder ?? []),
  );
}
