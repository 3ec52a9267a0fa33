/** Debian suites by name, and the grammar `suite[=version]` in which a package's version is pinned. */
import { MigbenchError } from '../errors.ts';
import { nearestName } from '../plan/nearest.ts';

/** Suites that trees can be made from, oldest first. */
export const releases = ['bullseye', 'bookworm', 'trixie'] as const;
export const backports = ['trixie-backports'] as const;
export const suites: readonly string[] = [...releases, ...backports];

/** A suite, and the version that the main package must have. */
export interface SuiteReference {
  readonly suite: string;
  /** Debian's own version string, with epoch and revision. */
  readonly version?: string;
}

/** The release that a suite is built upon: itself, or what a backports suite is for. */
export function releaseOf(suite: string): string {
  return suite.replace(/-backports$/, '');
}

/** Whether packages of this suite must be asked for by name (`apt-get -t`). */
export function isBackports(suite: string): boolean {
  return suite.endsWith('-backports');
}

const versionPattern = /^(?:\d+:)?\d[A-Za-z0-9.+~-]*$/;

/**
 * Read `suite` or `suite=version`.
 *
 * @throws MigbenchError `usage`, with the nearest suite's name, where the suite is unknown or the version is not one.
 */
export function parseSuiteReference(text: string): SuiteReference {
  const equals = text.indexOf('=');
  const suite = equals < 0 ? text : text.slice(0, equals);
  if (!suites.includes(suite)) {
    const guess = nearestName(suite, suites);
    throw new MigbenchError(
      'usage',
      `Unknown Debian suite "${suite}": expected one of ${suites.join(', ')}.` +
        (guess === undefined ? '' : ` Did you mean ${guess}?`),
    );
  }
  if (equals < 0) return { suite };
  const version = text.slice(equals + 1);
  if (!versionPattern.test(version)) {
    throw new MigbenchError(
      'usage',
      `"${version}" is not a Debian version: expected one such as 1:10.0.13+ds-0+deb13u1, in full (epoch, version and revision), after "${suite}=".`,
    );
  }
  return { suite, version };
}
