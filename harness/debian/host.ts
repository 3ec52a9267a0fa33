/** What the host itself must bring: apt-get, dpkg-deb and Debian's public keys. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { MigbenchError } from '../errors.ts';
import { hostProgram, SYSTEM_PATH, type Program } from '../sandbox/process.ts';

/** The absolute path of an executable on the PATH and the system's own folders; `undefined` where there is none. */
export function findProgram(name: string, path: string = SYSTEM_PATH): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (!folder.startsWith('/')) continue;
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * A program of dpkg or apt, that ends with the process that started it (a killed migbench leaves no download behind).
 *
 * @throws MigbenchError `host-unfit` where it is not installed.
 */
export function packageTool(name: 'apt-get' | 'apt-cache' | 'apt-config' | 'dpkg-deb'): Program {
  const found = findProgram(name);
  if (found === undefined) {
    throw new MigbenchError(
      'host-unfit',
      `${name} is not installed, and programs that this host lacks are fetched with it: expected a Debian-family host ` +
        `(package ${name === 'dpkg-deb' ? 'dpkg' : 'apt'}). Install the missing programs yourself, and name a QEMU with path:.`,
    );
  }
  return findProgram('setpriv') === undefined
    ? hostProgram(found)
    : hostProgram('setpriv', ['--pdeathsig', 'KILL', '--', found]);
}

const keyringFolder = '/usr/share/keyrings';

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Keyrings that may sign what is fetched: Debian's own, and those that the machine names for its mirror.
 *
 * @throws MigbenchError `host-unfit` where Debian's public keys are not installed.
 */
export function findKeyrings(configured: readonly string[], folder = keyringFolder): string[] {
  const debian = ['debian-archive-keyring.gpg', 'debian-archive-keyring.pgp']
    .map((name) => join(folder, name))
    .find(isReadable);
  const others = configured.filter(isReadable);
  if (debian === undefined && others.length === 0) {
    throw new MigbenchError(
      'host-unfit',
      `Debian's public keys are not installed, so packages could not be checked: expected ${folder}/debian-archive-keyring.gpg. Install the package debian-archive-keyring (Debian and Ubuntu both have it).`,
    );
  }
  return [...new Set([...(debian === undefined ? [] : [debian]), ...others])];
}
