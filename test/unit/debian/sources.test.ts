/** Parsing of apt's two source formats, with samples as they are found on real machines. */
import { describe, expect, it } from 'vitest';
import { parseDeb822Sources, parseOneLineSources } from '../../../harness/debian/sources.ts';

describe('one-line sources', () => {
  it('reads the lines of an installer, comments and source lines aside', () => {
    const text = `
# deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 NETINST]/ bookworm main
deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_]/ bookworm main
deb http://mirror.example.org/debian/ bookworm main non-free-firmware # the main one
deb-src http://mirror.example.org/debian/ bookworm main

deb\thttp://security.example.org/debian-security  bookworm-security\tmain
`;
    expect(parseOneLineSources(text)).toEqual([
      {
        uri: 'http://mirror.example.org/debian/',
        suite: 'bookworm',
        components: ['main', 'non-free-firmware'],
        keyrings: [],
        architectures: [],
      },
      {
        uri: 'http://security.example.org/debian-security',
        suite: 'bookworm-security',
        components: ['main'],
        keyrings: [],
        architectures: [],
      },
    ]);
  });

  it('reads options', () => {
    const text =
      'deb [ arch=amd64,arm64 signed-by=/etc/apt/keyrings/one.gpg,/etc/apt/keyrings/two.asc trusted=yes ] https://mirror.example.org/debian trixie main contrib';
    expect(parseOneLineSources(text)).toEqual([
      {
        uri: 'https://mirror.example.org/debian',
        suite: 'trixie',
        components: ['main', 'contrib'],
        keyrings: ['/etc/apt/keyrings/one.gpg', '/etc/apt/keyrings/two.asc'],
        architectures: ['amd64', 'arm64'],
      },
    ]);
  });

  it('reads a mirror list and a flat repository', () => {
    const text = 'deb mirror+file:/etc/apt/mirrors.list trixie main\ndeb file:/srv/packages ./\n';
    expect(
      parseOneLineSources(text).map(({ uri, suite, components }) => [uri, suite, components]),
    ).toEqual([
      ['mirror+file:/etc/apt/mirrors.list', 'trixie', ['main']],
      ['file:/srv/packages', './', []],
    ]);
  });

  it('passes over what it does not understand', () => {
    expect(
      parseOneLineSources('rpm http://example.org x main\ndeb\ndeb http://example.org\n'),
    ).toEqual([]);
  });
});

describe('deb822 sources', () => {
  it("reads a container image's file with comments between the fields", () => {
    const text = `Types: deb
# http://snapshot.example.org/archive/debian/20250520T000000Z
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example.org/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;
    const keyrings = ['/usr/share/keyrings/debian-archive-keyring.gpg'];
    const common = { components: ['main'], keyrings, architectures: [] };
    expect(parseDeb822Sources(text)).toEqual([
      { uri: 'http://mirror.example.org/debian', suite: 'bookworm', ...common },
      { uri: 'http://mirror.example.org/debian', suite: 'bookworm-updates', ...common },
      { uri: 'http://mirror.example.org/debian-security', suite: 'bookworm-security', ...common },
    ]);
  });

  it('multiplies URIs and suites, over continuation lines', () => {
    const text = `Types: deb deb-src
URIs:
 http://one.example.org/debian
 http://two.example.org/debian
Suites: trixie
Components: main
 contrib
Architectures: amd64
Enabled: yes`;
    expect(parseDeb822Sources(text)).toEqual([
      {
        uri: 'http://one.example.org/debian',
        suite: 'trixie',
        components: ['main', 'contrib'],
        keyrings: [],
        architectures: ['amd64'],
      },
      {
        uri: 'http://two.example.org/debian',
        suite: 'trixie',
        components: ['main', 'contrib'],
        keyrings: [],
        architectures: ['amd64'],
      },
    ]);
  });

  it('leaves out disabled and source-only stanzas', () => {
    const text = `Types: deb\nEnabled: no\nURIs: http://a.example.org/debian\nSuites: trixie\nComponents: main

Types: deb-src\nURIs: http://b.example.org/debian\nSuites: trixie\nComponents: main\n`;
    expect(parseDeb822Sources(text)).toEqual([]);
  });

  it('takes an embedded key for no keyring', () => {
    const text = `X-Repolib-Name: Example\nTypes: deb\nURIs: http://a.example.org/debian\nSuites: trixie\nComponents: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBGJ
 -----END PGP PUBLIC KEY BLOCK-----
`;
    expect(parseDeb822Sources(text)[0]?.keyrings).toEqual([]);
  });
});
