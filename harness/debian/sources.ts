/**
 * The two formats in which apt's sources are written: one-line (`sources.list`, `*.list`) and deb822 (`*.sources`).
 * Format: sources.list(5).
 */

/** One archive that apt is configured for: the product of types, URIs and suites is already taken. */
export interface SourceEntry {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Absolute paths of keyrings that the entry is restricted to; empty where none is named. */
  readonly keyrings: readonly string[];
  /** dpkg architectures; empty where the entry is for all. */
  readonly architectures: readonly string[];
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

function keyringPaths(text: string | undefined): string[] {
  return words(text).filter((word) => word.startsWith('/'));
}

/** Parse a one-line style file; lines that are not understood are passed over, as they are not ours to judge. */
export function parseOneLineSources(text: string): SourceEntry[] {
  const entries: SourceEntry[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/#.*$/, '').trim();
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(line);
    if (match === null) continue;
    const [, optionText, uri, suite, components] = match;
    if (uri === undefined || suite === undefined || uri.startsWith('cdrom:')) continue;
    const options = new Map<string, string>();
    for (const option of (optionText ?? '').trim().split(/\s+/)) {
      const equals = option.indexOf('=');
      if (equals > 0) {
        const name = option.slice(0, equals).replace(/[+-]$/, '').toLowerCase();
        options.set(name, option.slice(equals + 1));
      }
    }
    entries.push({
      uri,
      suite,
      components: words(components),
      keyrings: keyringPaths(options.get('signed-by')),
      architectures: words(options.get('arch')),
    });
  }
  return entries;
}

/** One stanza's fields by lower-case name; comment lines and continuation lines are dealt with. */
function parseStanza(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    if (/^[ \t]/.test(line)) {
      if (name !== undefined) fields.set(name, `${fields.get(name) ?? ''}\n${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    name = line.slice(0, colon).trim().toLowerCase();
    fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** Parse a deb822 style file; disabled stanzas and source-only ones are left out. */
export function parseDeb822Sources(text: string): SourceEntry[] {
  const entries: SourceEntry[] = [];
  for (const stanza of text.split(/\n[ \t]*\n/)) {
    const fields = parseStanza(stanza);
    if (!words(fields.get('types')).includes('deb')) continue;
    if (/^(no|false|0|off|without|disable)$/i.test(fields.get('enabled') ?? 'yes')) continue;
    const shared = {
      components: words(fields.get('components')),
      keyrings: keyringPaths(fields.get('signed-by')),
      architectures: words(fields.get('architectures')),
    };
    for (const uri of words(fields.get('uris'))) {
      for (const suite of words(fields.get('suites'))) entries.push({ uri, suite, ...shared });
    }
  }
  return entries;
}
