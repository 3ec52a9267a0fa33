/** What the sandbox needs: namespaces, taps, and a kernel that can shape the migration link. */
import { MigbenchError, messageOf } from '../errors.ts';
import type { SandboxKind } from '../sandbox/enter.ts';
import { shapeCommands } from '../sandbox/link.ts';
import { run, type Program } from '../sandbox/process.ts';
import { tapRefusal } from '../sandbox/taps.ts';
import { ok, warn, bad, type Finding } from './finding.ts';

const PROBE_TIMEOUT_MS = 5_000;

/** A program as it is started inside a sandbox of this kind, which goes away with it. */
export function inside(kind: SandboxKind, program: Program): Program {
  return {
    ...program,
    file: kind.entrance.file,
    args: [...kind.entrance.args, program.file, ...program.args],
  };
}

export function checkSetpriv(path: string | undefined): Finding {
  return path === undefined
    ? bad('setpriv', 'not installed', 'Install the package util-linux.')
    : ok('setpriv', path);
}

export function checkNamespaces(kind: SandboxKind): Finding {
  if (kind.mode === 'namespaces') {
    const asUser = kind.entrance.args.includes('--user');
    return ok('namespaces', asUser ? 'allowed, by way of a user namespace' : 'allowed, as root');
  }
  const [note = ''] = kind.notes;
  const [found = note, remedy] = note.split(/ (?=To allow)/u);
  return warn('namespaces', found, remedy ?? 'Allow them, or run as root.');
}

/** @param device another than the usual one. */
export function checkTaps(device?: string): Finding {
  const refusal = tapRefusal(device);
  return refusal === undefined
    ? ok('taps', '/dev/net/tun can be opened')
    : warn(
        'taps',
        `${refusal.found}: no service network, guests use user-mode networking`,
        refusal.remedy,
      );
}

/** Shapers, and the link that each is tried with. */
const shapers = [
  {
    name: 'link rate',
    module: 'sch_tbf',
    without: 'links with a bandwidth are refused',
    link: { bandwidthBitsPerSecond: 1e9 },
  },
  {
    name: 'link delay',
    module: 'sch_netem',
    without: 'plans with delay or loss are refused',
    link: { bandwidthBitsPerSecond: 'unlimited', delayUs: 1000 },
  },
] as const;

/** Try each shaper on the loopback device of a network namespace that goes away with the attempt. */
export async function checkShapers(
  kind: SandboxKind,
  tc: Program | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  return Promise.all(
    shapers.map(async ({ name, module, without, link }) => {
      if (kind.mode !== 'namespaces') {
        const found = 'not without namespaces: a bandwidth becomes a max-bandwidth';
        return warn(name, found, 'Allow namespaces (above).');
      }
      if (tc === undefined) {
        return warn(
          name,
          'not tried: tc is not installed here (a run fetches its own)',
          'migbench doctor --probe fetches it and tries; or install the package iproute2.',
        );
      }
      try {
        // The first command is the root queue, which is what the kernel may lack.
        await run(inside(kind, tc), shapeCommands('lo', link)[0] ?? [], {
          timeoutMs: PROBE_TIMEOUT_MS,
          errorCode: 'host-unfit',
          signal,
        });
        return ok(name, `the kernel has it (${module})`);
      } catch (error) {
        if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
        const words = messageOf(error).split('\n').at(-1) ?? '';
        return warn(
          name,
          `${without}: ${words}`,
          `As root: modprobe ${module} (some kernels for clouds and containers lack it).`,
        );
      }
    }),
  );
}
