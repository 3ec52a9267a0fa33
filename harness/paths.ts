/** Where migbench's own files and its cache are. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigbenchError } from './errors.ts';

/** The clone: the folder of package.json, wherever this file was compiled to. */
export const packageRoot: string = (() => {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
})();

/** What the choice of a cache folder depends on beside the environment; the tests' own where they give it. */
export interface CachePlaces {
  /** The home in the user database; `undefined` for a user who is not in it. */
  readonly databaseHome: () => string | undefined;
  /** Whether this user may make things in an existing folder. */
  readonly isWritable: (folder: string) => boolean;
  readonly packageRoot: string;
}

const places: CachePlaces = {
  databaseHome() {
    try {
      return userInfo().homedir;
    } catch {
      return undefined;
    }
  },
  isWritable(folder) {
    try {
      accessSync(folder, constants.W_OK | constants.X_OK);
      return true;
    } catch {
      return false;
    }
  },
  packageRoot,
};

/**
 * The cache folder: `$XDG_CACHE_HOME/migbench`, else `~/.cache/migbench`; a folder in the clone where there is no home,
 * or it is `/`, or it cannot be written. The folder may not exist yet.
 *
 * @throws MigbenchError `host-unfit` where none of them can be written.
 */
export function cacheDirectory(
  environment: NodeJS.ProcessEnv = process.env,
  { databaseHome, isWritable, packageRoot: clone }: CachePlaces = places,
): string {
  const configured = environment['XDG_CACHE_HOME'];
  if (configured !== undefined && isAbsolute(configured)) return join(configured, 'migbench');
  const canHold = (path: string): boolean => isWritable(existingFolder(path));
  const home = environment['HOME'] ?? databaseHome();
  if (home !== undefined && isAbsolute(home) && resolve(home) !== '/' && isDirectory(home)) {
    const own = join(home, '.cache', 'migbench');
    if (canHold(own)) return own;
  }
  const beside = join(clone, '.cache', 'migbench');
  if (canHold(beside)) return beside;
  throw new MigbenchError(
    'host-unfit',
    `Expected a folder for the cache, but neither the home (${home ?? 'none'}) nor the clone (${clone}) can be written ` +
      'by this user. Set XDG_CACHE_HOME to a folder that can be.',
  );
}

/** The nearest folder of a path that exists. */
function existingFolder(path: string): string {
  let folder = path;
  while (!isDirectory(folder)) folder = dirname(folder);
  return folder;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // Not to be looked at: below a folder of another user's.
    return false;
  }
}
