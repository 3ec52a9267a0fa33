/** The machine itself: Node, processors, memory. */
import { cpus, availableParallelism } from 'node:os';
import { availableMemoryBytes } from '../host.ts';
import { formatBytes } from '../units.ts';
import { bad, ok, warn, type Finding } from './finding.ts';

/** As in package.json, "engines". */
const NODE_FLOOR = [20, 19] as const;
const MIB = 1024 * 1024;
/** Two guests of the quickstart (384 MiB), each with its QEMU. */
const COMFORTABLE_BYTES = 2 * (384 + 128) * MIB;
/** Two of the smallest guests that boot, each with its QEMU. */
const LEAST_BYTES = 2 * (96 + 128) * MIB;

export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needMajor, needMinor] = NODE_FLOOR;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return ok('node', version);
  return bad('node', version, `Install Node ${needMajor}.${needMinor} or newer.`);
}

export function checkPlatform(
  platform: string = process.platform,
  architecture: string = process.arch,
): Finding {
  const found = `${platform} ${architecture}`;
  return platform === 'linux' && architecture === 'x64'
    ? ok('platform', found)
    : bad('platform', found, 'Run migbench on Linux on an x86-64 host.');
}

export function checkProcessors(
  usable: number = availableParallelism(),
  model: string = cpus()[0]?.model ?? 'unknown model',
): Finding {
  const found = `${usable} usable, ${model}`;
  return usable >= 2
    ? ok('processors', found)
    : warn(
        'processors',
        found,
        'Give this host at least 2: source, destination and the harness take each other’s time, and results are not to be trusted.',
      );
}

export function checkMemory(available: number = availableMemoryBytes()): Finding {
  const found = `${formatBytes(available)} available`;
  if (available >= COMFORTABLE_BYTES) return ok('memory', found);
  const needs = `A migration holds the guest twice: the quickstart needs ${formatBytes(COMFORTABLE_BYTES)}.`;
  return available >= LEAST_BYTES
    ? warn('memory', found, `${needs} Use smaller guests (--set guest.memory=…), or free memory.`)
    : bad('memory', found, `${needs} Free memory.`);
}
