/** Which running programs use the cache, so that nothing is taken away from under them. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, sep } from 'node:path';
import { statFields } from '../debian/cache.ts';
import { MigbenchError } from '../errors.ts';
import { cacheDirectory } from '../paths.ts';

/** A process and the words of its command line. */
export interface CommandOfProcess {
  readonly pid: number;
  readonly words: readonly string[];
}

/** This process and those that have started it, one another: a shell, sudo, the tests. */
export function ownLine(): ReadonlySet<number> {
  const line = new Set<number>();
  // The fourth field is who has started it; NaN where that has ended.
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = Number(statFields(pid)?.[1])) {
    line.add(pid);
  }
  return line;
}

/** All other processes that this user can see; those of the sandbox of a run are among them. */
function otherProcesses(): CommandOfProcess[] {
  const own = ownLine();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name) && !own.has(Number(name)))
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

/** What `npm start` and `npm test` are; the first goes on as the run itself, under the same command line. */
function isSetup(words: readonly string[]): boolean {
  const script = words.findIndex((word) => /(?:^|\/)harness\/setup\.mjs$/u.test(word));
  return script >= 0 && ['--start', '--test', '--prepare'].includes(words[script + 1] ?? '');
}

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
    if (words.some((word) => /(?:^|\/)dist\/harness\/measure\.js$/u.test(word))) return true;
    if (isSetup(words)) return true;
    const program = words.findIndex(
      (word) =>
        /(?:^|\/)dist\/harness\/cli\/main\.js$/u.test(word) || basename(word) === 'migbench',
    );
    const command = words[program + 1] ?? '';
    return program >= 0 && program <= 3 && command !== '' && !IDLE_COMMANDS.includes(command);
  });
}

/**
 * @param remedy what the user can do, as a sentence.
 * @throws MigbenchError `usage` where a running program uses the cache.
 */
export function requireUnusedCache(remedy: string): void {
  const [user] = cacheUsers(otherProcesses(), cacheDirectory());
  if (user === undefined) return;
  throw new MigbenchError(
    'usage',
    `The cache is in use by process ${user.pid} (${user.words.join(' ').slice(0, 80).trim()}). ${remedy}`,
  );
}
