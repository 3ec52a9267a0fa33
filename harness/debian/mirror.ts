/** Which Debian mirror to use: the one that was asked for, or the one that this machine's apt is configured for. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MigbenchError, systemErrorCode } from '../errors.ts';
import { parseDeb822Sources, parseOneLineSources, type SourceEntry } from './sources.ts';

/** Where packages come from. */
export interface Mirror {
  /** Base address of the archive, without a slash at the end. */
  readonly archive: string;
  /** Base address of the archive of security updates, where one is known. */
  readonly security?: string;
  /** Keyrings that the machine's own configuration names for this archive. */
  readonly keyrings: readonly string[];
}

const releasePattern =
  /^(?:bullseye|bookworm|trixie|forky|duke|sid|stable|oldstable|oldoldstable|testing|unstable|buster)(?:-(?:updates|backports|proposed-updates|security))?(?:\/updates)?$/;

function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, '');
}

function isSecurity(entry: SourceEntry): boolean {
  return /(?:-security|\/updates)$/.test(entry.suite);
}

/** How surely an entry is Debian's own archive; 0 where it is not. */
function likelihood(entry: SourceEntry, debianArchitecture: string): number {
  if (!releasePattern.test(entry.suite) || !entry.components.includes('main')) return 0;
  const { architectures } = entry;
  if (architectures.length > 0 && !architectures.includes(debianArchitecture)) return 0;
  const folders = withoutSlash(entry.uri).split('/');
  const signedByDebian = entry.keyrings.some((path) => path.includes('debian-archive'));
  const viaMirrorList = entry.uri.startsWith('mirror');
  if (folders.at(-1) === 'debian') return signedByDebian ? 4 : 3;
  if (signedByDebian || viaMirrorList) return 2;
  return folders.some((folder) => /^debian(?:-security)?$/.test(folder)) ? 1 : 0;
}

/** The Debian archive among a machine's sources; `undefined` where none of them is Debian's. */
export function chooseMirror(
  entries: readonly SourceEntry[],
  debianArchitecture: string,
): Mirror | undefined {
  const best = (candidates: readonly SourceEntry[]): SourceEntry | undefined =>
    candidates
      .map((entry) => ({ entry, score: likelihood(entry, debianArchitecture) }))
      .filter(({ score }) => score > 0)
      .sort((left, right) => right.score - left.score)[0]?.entry;
  const archive = best(entries.filter((entry) => !isSecurity(entry)));
  if (archive === undefined) return undefined;
  const security = best(entries.filter(isSecurity));
  const guessed = securityBeside(archive.uri);
  const securityUri = security === undefined ? guessed : withoutSlash(security.uri);
  return {
    archive: withoutSlash(archive.uri),
    ...(securityUri === undefined ? {} : { security: securityUri }),
    keyrings: [...new Set([...archive.keyrings, ...(security?.keyrings ?? [])])],
  };
}

/** Where a mirror of `…/debian` keeps the security archive, by custom: `…/debian-security`. */
function securityBeside(archive: string): string | undefined {
  const uri = withoutSlash(archive);
  return uri.endsWith('/debian') ? `${uri}-security` : undefined;
}

/**
 * A mirror by its address.
 *
 * @throws MigbenchError `usage` where the text is not an address that apt can fetch from.
 */
export function mirrorAt(address: string): Mirror {
  if (
    !/^(?:https?|ftp|file|copy|mirror(?:\+\w+)?|tor(?:\+\w+)?):\/*[^\s/[\]]/.test(address) ||
    /\s/.test(address)
  ) {
    throw new MigbenchError(
      'usage',
      `"${address}" is not the address of a Debian mirror: expected a URL such as http://mirror.example.org/debian (the folder that holds dists/ and pool/).`,
    );
  }
  const security = securityBeside(address);
  return {
    archive: withoutSlash(address),
    ...(security === undefined ? {} : { security }),
    keyrings: [],
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** All entries of a machine's apt configuration, as far as they can be read. */
export function readSources(configuration = '/etc/apt'): SourceEntry[] {
  const folder = join(configuration, 'sources.list.d');
  let names: string[] = [];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
  return [
    ...parseOneLineSources(readText(join(configuration, 'sources.list'))),
    ...names
      .filter((name) => name.endsWith('.list'))
      .flatMap((name) => parseOneLineSources(readText(join(folder, name)))),
    ...names
      .filter((name) => name.endsWith('.sources'))
      .flatMap((name) => parseDeb822Sources(readText(join(folder, name)))),
  ];
}

/**
 * The mirror to use: `address` where given, else the machine's own.
 *
 * @throws MigbenchError `host-unfit` where the machine has no Debian mirror.
 */
export function findMirror(address: string | undefined, debianArchitecture: string): Mirror {
  if (address !== undefined) return mirrorAt(address);
  const mirror = chooseMirror(readSources(), debianArchitecture);
  if (mirror !== undefined) return mirror;
  throw new MigbenchError(
    'host-unfit',
    "No Debian mirror is known: expected one in /etc/apt/sources.list or /etc/apt/sources.list.d, found none that is Debian's. Name one with --mirror URL (the folder that holds dists/ and pool/).",
  );
}
