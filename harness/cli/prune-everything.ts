/** `migbench cache prune --all`: everything goes that no running program of this host uses. */
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { cacheDirectory } from '../paths.ts';
import { listCache, type PruneResult } from '../qemu/builds/index.ts';

/** A process and the words of its command line. */
export interface CommandOfProcess {
  readonly pid: number;
  readonly words: readonly string[];
}

/** All other processes that this user can see; those of the sandbox of a run are among them. */
function otherProcesses(): CommandOfProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        return [{ pid: Number(name), words: text.split('\0') }];
      } catch {
        // It has ended, or it is not ours to see.
        return [];
      }
    });
}

/** Subcommands that neither fetch nor run anything. */
const IDLE_COMMANDS: readonly string[] = [
  'cache',
  'doctor',
  'plan',
  'report',
  'schema',
  'workloads',
];

/**
 * Processes that use the cache: those whose command line names a file of it (a QEMU and its guest image), and other
 * instances of migbench that fetch or run something.
 */
export function cacheUsers(
  processes: readonly CommandOfProcess[],
  cache: string,
): CommandOfProcess[] {
  return processes.filter(({ words }) => {
    if (words.some((word) => word.includes(cache + sep))) return true;
    if (words.some((word) => word.endsWith('/dist/harness/measure.js'))) return true;
    const program = words.findIndex(
      (word) => word.endsWith('/dist/harness/cli/main.js') || basename(word) === 'migbench',
    );
    const command = words[program + 1] ?? '';
    return program >= 0 && program <= 3 && command !== '' && !IDLE_COMMANDS.includes(command);
  });
}

/**
 * Remove everything that is in the cache, but for work and locks of live processes.
 *
 * @throws MigbenchError `usage` where a running program uses the cache.
 */
export async function pruneEverything(
  options: { readonly dryRun?: boolean } = {},
): Promise<PruneResult> {
  const [user] = cacheUsers(otherProcesses(), cacheDirectory());
  if (user !== undefined) {
    throw new MigbenchError(
      'usage',
      `The cache is in use by process ${user.pid} (${user.words.join(' ').slice(0, 80).trim()}). ` +
        'Wait until it has ended, or leave out --all.',
    );
  }
  const removed = (await listCache()).filter(
    ({ kind, needed }) => !needed || (kind !== 'unfinished' && kind !== 'lock'),
  );
  if (options.dryRun !== true) {
    for (const { path } of removed) {
      await rm(path, { recursive: true, force: true, maxRetries: 2 });
    }
  }
  return { freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), removed };
}
