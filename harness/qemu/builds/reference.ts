/** How a plan names a QEMU: `system`, `path:FILE` or `debian:SUITE[=VERSION]`. */
import { MigbenchError } from '../../errors.ts';
import { nearestName } from '../../plan/nearest.ts';
import { parseSuiteReference, suites } from '../../debian/suite.ts';

/** A parsed reference. */
export type BuildReference =
  | { readonly kind: 'system' }
  /** The file as it was written; a relative one is relative to the working directory. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'debian'; readonly suite: string; readonly version?: string };

/** What stands in for a missing system QEMU. */
export const EMBEDDED_BUILD = 'debian:trixie';

const grammar =
  'expected system, path:FILE (such as path:/opt/qemu/bin/qemu-system-x86_64) or debian:SUITE[=VERSION]';

/**
 * Read a build reference.
 *
 * @throws MigbenchError `usage` that says what is expected, and the nearest valid suite.
 */
export function parseBuildReference(text: string): BuildReference {
  if (text === 'system') return { kind: 'system' };
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? '' : text.slice(colon + 1);
  if (colon >= 0 && kind === 'path') {
    if (rest !== '') return { kind: 'path', path: rest };
    throw new MigbenchError('usage', `"${text}" names no file: ${grammar}.`);
  }
  if (colon >= 0 && kind === 'debian') return { kind: 'debian', ...parseSuiteReference(rest) };
  throw new MigbenchError(
    'usage',
    `"${text}" is not a QEMU build: ${grammar}.${suggestion(text, kind)}`,
  );
}

function suggestion(text: string, kind: string): string {
  if (text.includes('/')) return ` Did you mean path:${text}?`;
  const suite = text.split('=', 1)[0] ?? '';
  if (suites.includes(suite)) return ` Did you mean debian:${text}?`;
  const words = ['system', 'path:', ...suites.map((name) => `debian:${name}`)];
  const guess = nearestName(text, words) ?? nearestName(kind, ['system', 'path', 'debian']);
  return guess === undefined ? '' : ` Did you mean ${guess}?`;
}

/** The reference as text again, in its one canonical spelling. */
export function formatBuildReference(reference: BuildReference): string {
  switch (reference.kind) {
    case 'system':
      return 'system';
    case 'path':
      return `path:${reference.path}`;
    case 'debian':
      return `debian:${reference.suite}${reference.version === undefined ? '' : `=${reference.version}`}`;
  }
}
