/** The grammar `suite[=version]`. */
import { describe, expect, it } from 'vitest';
import { isBackports, parseSuiteReference, releaseOf } from '../../../harness/debian/suite.ts';

describe('parseSuiteReference', () => {
  it('reads suites and pins', () => {
    expect(parseSuiteReference('bullseye')).toEqual({ suite: 'bullseye' });
    expect(parseSuiteReference('trixie=1:10.0.13+ds-0+deb13u1')).toEqual({
      suite: 'trixie',
      version: '1:10.0.13+ds-0+deb13u1',
    });
    expect(parseSuiteReference('trixie-backports=1:11.1.3+ds-1~bpo13+1')).toEqual({
      suite: 'trixie-backports',
      version: '1:11.1.3+ds-1~bpo13+1',
    });
  });

  it('names the nearest suite', () => {
    expect(() => parseSuiteReference('bulleye')).toThrow(/Did you mean bullseye\?$/);
    expect(() => parseSuiteReference('Trixie_backports')).toThrow(
      /Did you mean trixie-backports\?$/,
    );
    expect(() => parseSuiteReference('jammy')).toThrow(
      /Unknown Debian suite "jammy": expected one of bullseye, bookworm, trixie, trixie-backports\.$/,
    );
  });

  it.each(['trixie=', 'trixie=latest', 'trixie=1:10.0 ', 'trixie=10.0\nPin: x', 'trixie=*'])(
    'refuses %j',
    (text) => {
      expect(() => parseSuiteReference(text)).toThrow(/is not a Debian version/);
    },
  );
});

it('knows what a backports suite is built upon', () => {
  expect([releaseOf('trixie-backports'), isBackports('trixie-backports')]).toEqual([
    'trixie',
    true,
  ]);
  expect([releaseOf('bookworm'), isBackports('bookworm')]).toEqual(['bookworm', false]);
});
