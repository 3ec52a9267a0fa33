/** Whether Debian packages can be fetched: what this host lacks, and the guest itself, are made of them. */
import { findKeyrings, findProgram } from '../debian/host.ts';
import { hostArchitecture } from '../debian/architecture.ts';
import { findMirror } from '../debian/mirror.ts';
import { osRelease } from '../host.ts';
import { messageOf } from '../errors.ts';
import { bad, ok, warn, type Finding } from './finding.ts';

/** Nothing of this is needed where everything that a plan names was fetched before. */
function lack(name: string, found: string, remedy: string, cached: boolean): Finding {
  return cached
    ? warn(name, `${found}; what is in the cache can still be used`, remedy)
    : bad(name, found, remedy);
}

/** A check whose error says what was found and what to do. */
function attempt(name: string, cached: boolean, remedy: string, find: () => string): Finding {
  try {
    return ok(name, find());
  } catch (error) {
    return lack(name, messageOf(error), remedy, cached);
  }
}

/** What to do about a missing mirror: Debian's packages do not belong into another distribution's sources. */
export function mirrorRemedy(release: string): string {
  return /^ID="?debian"?$/mu.test(release)
    ? 'Or write one into /etc/apt/sources.list.'
    : 'Give --mirror to each command that fetches (run, qemu add, …); the apt sources of this host are not Debian’s and stay as they are.';
}

/** @param cached whether the cache holds a guest image. */
export function checkPackages(cached: boolean, mirrorAddress?: string): Finding[] {
  const tools = ['apt-get', 'apt-cache', 'apt-config', 'dpkg-deb'] as const;
  const missing = tools.filter((name) => findProgram(name) === undefined);
  const packageTools =
    missing.length === 0
      ? ok('apt, dpkg', 'installed')
      : lack(
          'apt, dpkg',
          `not installed: ${missing.join(', ')}`,
          'Use a Debian-family host, or install the packages apt and dpkg.',
          cached,
        );
  let configured: readonly string[] = [];
  const mirror = attempt('mirror', cached, mirrorRemedy(osRelease()), () => {
    const found = findMirror(mirrorAddress, hostArchitecture().debian);
    configured = found.keyrings;
    return found.archive;
  });
  const keyring = attempt('keyring', cached, 'Install debian-archive-keyring.', () =>
    findKeyrings(configured).join(', '),
  );
  return [packageTools, mirror, keyring];
}
