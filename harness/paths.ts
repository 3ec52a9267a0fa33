/** Where migbench's own files and its cache are. */
import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone: the folder of package.json, wherever this file was compiled to. */
export const packageRoot: string = (() => {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
})();

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * The cache folder: `$XDG_CACHE_HOME/migbench`, else `~/.cache/migbench`; a folder in the clone where the home
 * does not exist. It may not exist yet.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const configured = environment['XDG_CACHE_HOME'];
  if (configured !== undefined && configured.startsWith('/')) return join(configured, 'migbench');
  const home = homedir();
  if (isDirectory(home)) return join(home, '.cache', 'migbench');
  return resolve(packageRoot, '.cache', 'migbench');
}
