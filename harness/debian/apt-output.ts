/** Reads what apt prints: the plan of `install --print-uris`, and package stanzas. */
import { MigbenchError } from '../errors.ts';
import type { LeftOut } from './apt-configuration.ts';

/** One package that belongs into a tree. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly sizeBytes: number;
  /** SHA-256 of the .deb, lower-case hex. */
  readonly sha256: string;
  /** The name that apt gives the file in its archives folder. */
  readonly file: string;
}

function unquote(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/**
 * Parse `apt-get install --print-uris`: `'uri' file size SHA256:hash` lines, sorted by name.
 *
 * @throws MigbenchError `internal` where a line is not of that form.
 */
export function parsePrintedUris(text: string): PackageFile[] {
  const packages: PackageFile[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith("'")) continue;
    const match = /^'[^']*' (([^_ ]+)_([^_ ]+)_[^_ ]+\.deb) (\d+) SHA256:([0-9a-f]{64})$/.exec(
      line.trim(),
    );
    const [, file, name, version, size, sha256] = match ?? [];
    if (!file || !name || !version || !size || !sha256) {
      throw new MigbenchError(
        'internal',
        `Expected a package's address, size and SHA-256 from apt-get --print-uris, found: ${line}`,
      );
    }
    packages.push({ name, version: unquote(version), sizeBytes: Number(size), sha256, file });
  }
  return packages.sort((left, right) =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : 0,
  );
}

/** Parse stanzas of `apt-cache show`: the first one of each name, which is the candidate. */
export function parseShownPackages(text: string): LeftOut[] {
  const found = new Map<string, LeftOut>();
  for (const stanza of text.split(/\n\n+/)) {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
    const name = field('Package');
    const version = field('Version');
    if (name === undefined || version === undefined || found.has(name)) continue;
    const multiArch = field('Multi-Arch');
    const provides = field('Provides');
    found.set(name, {
      name,
      version,
      architecture: field('Architecture') ?? 'all',
      ...(multiArch === undefined ? {} : { multiArch }),
      ...(provides === undefined ? {} : { provides }),
    });
  }
  return [...found.values()];
}
