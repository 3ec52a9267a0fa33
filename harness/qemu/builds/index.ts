/** QEMU builds: what the rest of migbench may use of this folder. */
export { addBuild, listBuilds, removeBuild, type ListedBuild } from './manage-builds.ts';
export type { QemuBuild } from './build.ts';
export { resolveBuild } from './resolve-build.ts';
export { BrokenBuildError } from './probe-build.ts';
export {
  EMBEDDED_BUILD,
  formatBuildReference,
  parseBuildReference,
  type BuildReference,
} from './reference.ts';
export { listCache, pruneCache, type CacheEntry, type PruneResult } from '../../debian/prune.ts';
