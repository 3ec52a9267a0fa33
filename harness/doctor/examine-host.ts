/** All questions of `migbench doctor`, in the order in which a run would meet them. Nothing is fetched without `probe`. */
import { findProgram } from '../debian/host.ts';
import type { ProvisionOptions } from '../debian/progress.ts';
import { openToolbox } from '../debian/toolbox.ts';
import { MigbenchError, messageOf } from '../errors.ts';
import { cacheDirectory } from '../paths.ts';
import { resolveBuild } from '../qemu/builds/index.ts';
import { findSandboxKind, type SandboxKind } from '../sandbox/enter.ts';
import { hostProgram } from '../sandbox/process.ts';
import { checkCache } from './cache.ts';
import { warn, type Finding } from './finding.ts';
import { checkKvm, kvmDevice } from './kvm.ts';
import { checkMemory, checkNode, checkPlatform, checkProcessors } from './machine.ts';
import { checkPackages } from './packages.ts';
import { checkPostcopy, userfaultfdFacts } from './postcopy.ts';
import { checkQemu, probeAccelerator, probePostcopy } from './qemu.ts';
import { checkNamespaces, checkSetpriv, checkShapers, checkTaps } from './sandbox.ts';

export interface Examination extends ProvisionOptions {
  /** Fetch what a run would fetch, and try what only trying tells. */
  readonly probe: boolean;
  readonly signal: AbortSignal;
}

/** A thing that is tried with --probe; what it lacks becomes a finding. */
async function attempted<T>(name: string, work: () => Promise<T>): Promise<T | Finding> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MigbenchError) || error.code === 'interrupted') throw error;
    return warn(name, messageOf(error), 'See the lines on packages and QEMU.');
  }
}

const isFinding = (value: object): value is Finding => 'level' in value;

async function probeBuild(request: Examination, kind: SandboxKind): Promise<Finding[]> {
  const { signal } = request;
  const build = await attempted('qemu, tried', () => resolveBuild('system', request));
  if (isFinding(build)) return [build];
  return [
    await probeAccelerator(build, kind, 'tcg', signal),
    ...(kvmDevice() === 'open' ? [await probeAccelerator(build, kind, 'kvm', signal)] : []),
    await probePostcopy(build, kind, signal),
  ];
}

async function findTc(request: Examination) {
  const own = findProgram('tc');
  if (own !== undefined) return hostProgram(own);
  if (!request.probe) return undefined;
  const toolbox = await attempted('tc', () => openToolbox(['tc'], request));
  return isFinding(toolbox) ? undefined : toolbox.program('tc');
}

/** @throws MigbenchError `interrupted`, and nothing else that a host can be the reason of. */
export async function examineHost(request: Examination): Promise<Finding[]> {
  const { signal } = request;
  const machine = [checkPlatform(), checkNode(), checkProcessors(), checkMemory()];
  const setpriv = checkSetpriv(findProgram('setpriv'));
  const kind = await findSandboxKind(signal);
  const entersUserNamespace = kind.entrance.args.includes('--user');
  const [shapers, cache, qemu] = await Promise.all([
    findTc(request).then((tc) => checkShapers(kind, tc, signal)),
    checkCache(request.cache ?? cacheDirectory()),
    checkQemu(signal),
  ]);
  return [
    ...machine,
    ...[setpriv, checkNamespaces(kind), checkTaps(), ...shapers],
    ...[checkPostcopy(userfaultfdFacts(entersUserNamespace)), checkKvm()],
    ...[...cache.findings, ...checkPackages(cache.hasImage, request.mirror), ...qemu],
    ...(request.probe ? await probeBuild(request, kind) : []),
  ];
}
