/** The text of a private apt configuration: nothing of the host's but its proxies, and never its packages. */
import { isBackports, releaseOf } from './suite.ts';
import type { Mirror } from './mirror.ts';

/** An archive's suite to fetch lists of. */
export interface Pocket {
  readonly uri: string;
  readonly suite: string;
  /** A suite that cannot be done without; others may be missing on a mirror. */
  readonly required: boolean;
}

/** The pockets that a suite is made of: the release, its updates and security updates, and its backports. */
export function pocketsOf(suite: string, mirror: Mirror): Pocket[] {
  const release = releaseOf(suite);
  const pockets: Pocket[] = [
    { uri: mirror.archive, suite: release, required: true },
    { uri: mirror.archive, suite: `${release}-updates`, required: false },
  ];
  if (mirror.security !== undefined) {
    pockets.push({ uri: mirror.security, suite: `${release}-security`, required: false });
  }
  if (isBackports(suite)) pockets.push({ uri: mirror.archive, suite, required: true });
  return pockets;
}

/** apt uses the packages of a `file:` archive where they are; of a `copy:` one it brings them to its own folder. */
function brought(uri: string): string {
  return uri.replace(/^file:/, 'copy:');
}

/** sources.list: one line per pocket, each with the keyrings that may sign it. */
export function renderSources(pockets: readonly Pocket[], keyrings: readonly string[]): string {
  return pockets
    .map(
      ({ uri, suite }) => `deb [signed-by=${keyrings.join(',')}] ${brought(uri)} ${suite} main\n`,
    )
    .join('');
}

/** preferences: the pinned version of the main package and of those built with it. */
export function renderPreferences(
  pin: { readonly packages: string; readonly version: string } | undefined,
): string {
  if (pin === undefined) return '';
  return `Package: ${pin.packages}\nPin: version ${pin.version}\nPin-Priority: 1001\n`;
}

/** A package that is said to be installed, so that it is not fetched; with the fields that others depend on. */
export interface LeftOut {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly multiArch?: string;
  readonly provides?: string;
}

/** A dpkg status file in which only the packages to leave out are installed. */
export function renderStatus(leftOut: readonly LeftOut[]): string {
  return leftOut
    .map(
      ({ name, version, architecture, multiArch, provides }) =>
        `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nArchitecture: ${architecture}\n` +
        (multiArch === undefined ? '' : `Multi-Arch: ${multiArch}\n`) +
        (provides === undefined ? '' : `Provides: ${provides}\n`) +
        'Maintainer: none\nDescription: left out of the tree\n\n',
    )
    .join('');
}

const inheritedPattern =
  /^Acquire::(?:http|https|ftp|socks|tor|Retries|ForceIPv[46]|Check-Valid-Until|Check-Date|Queue-Mode|By-Hash)\b/i;

/**
 * The lines of `apt-config dump` that say how this machine reaches its mirror: proxies, certificates, addresses.
 * Nothing else of the host's configuration is taken over.
 */
export function inheritedSettings(dump: string): string[] {
  return dump
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => inheritedPattern.test(line) && !/^\S+ "";$/.test(line));
}

/** apt.conf for a private state in `folder`; the inherited settings come last. */
export function renderConfiguration(
  folder: string,
  debianArchitecture: string,
  inherited: readonly string[],
): string {
  const settings: readonly (readonly [string, string])[] = [
    ['Dir::State', `${folder}/state/`],
    ['Dir::State::lists', `${folder}/lists/`],
    ['Dir::State::status', `${folder}/status`],
    ['Dir::State::extended_states', `${folder}/state/extended_states`],
    ['Dir::Cache', `${folder}/cache/`],
    ['Dir::Cache::archives', `${folder}/archives/`],
    ['Dir::Cache::pkgcache', ''],
    ['Dir::Cache::srcpkgcache', ''],
    ['Dir::Etc::sourcelist', `${folder}/sources.list`],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::Etc::main', '/dev/null'],
    ['Dir::Etc::parts', `${folder}/state/`],
    ['Dir::Etc::preferences', `${folder}/preferences`],
    ['Dir::Etc::preferencesparts', '/dev/null'],
    ['Dir::Log', `${folder}/state/`],
    ['APT::Sandbox::User', ''],
    ['APT::Architecture', debianArchitecture],
    ['APT::Install-Recommends', 'false'],
    ['APT::Install-Suggests', 'false'],
    ['APT::Get::Assume-Yes', 'true'],
    ['APT::Get::AllowUnauthenticated', 'false'],
    ['APT::Keep-Downloaded-Packages', 'true'],
    ['APT::Update::Error-Mode', 'any'],
    ['Acquire::AllowInsecureRepositories', 'false'],
    ['Acquire::ForceHash', 'SHA256'],
    ['Acquire::GzipIndexes', 'true'],
    ['Acquire::Languages', 'none'],
    ['Acquire::Retries', '3'],
    ['Acquire::http::Timeout', '30'],
    ['Acquire::https::Timeout', '30'],
    ['Acquire::IndexTargets::deb::DEP-11::DefaultEnabled', 'false'],
  ];
  const lines = settings.map(([name, value]) => `${name} "${value}";`);
  return [...lines, `APT::Architectures { "${debianArchitecture}"; };`, ...inherited, ''].join(
    '\n',
  );
}
