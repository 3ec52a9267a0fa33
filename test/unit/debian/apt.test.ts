/** What is written for apt, and what is read from it. */
import { describe, expect, it } from 'vitest';
import {
  inheritedSettings,
  pocketsOf,
  renderConfiguration,
  renderPreferences,
  renderSources,
  renderStatus,
} from '../../../harness/debian/apt-configuration.ts';
import { parsePrintedUris, parseShownPackages } from '../../../harness/debian/apt-output.ts';

const mirror = {
  archive: 'http://mirror.example.org/debian',
  security: 'http://mirror.example.org/debian-security',
  keyrings: [],
};

describe('sources', () => {
  it('are the release with updates and security, and its backports where asked for', () => {
    expect(renderSources(pocketsOf('trixie-backports', mirror), ['/k/a.gpg', '/k/b.gpg'])).toBe(
      'deb [signed-by=/k/a.gpg,/k/b.gpg] http://mirror.example.org/debian trixie main\n' +
        'deb [signed-by=/k/a.gpg,/k/b.gpg] http://mirror.example.org/debian trixie-updates main\n' +
        'deb [signed-by=/k/a.gpg,/k/b.gpg] http://mirror.example.org/debian-security trixie-security main\n' +
        'deb [signed-by=/k/a.gpg,/k/b.gpg] http://mirror.example.org/debian trixie-backports main\n',
    );
  });

  it.each([
    ['file:/srv/debian', 'copy:/srv/debian'],
    ['file:///srv/debian', 'copy:///srv/debian'],
    ['copy:/srv/debian', 'copy:/srv/debian'],
    ['mirror+file:/etc/apt/mirrors/debian.list', 'mirror+file:/etc/apt/mirrors/debian.list'],
  ])('have packages of %s brought to where they are unpacked', (uri, written) => {
    const pocket = { uri, suite: 'trixie', required: true };
    expect(renderSources([pocket], ['/k/a.gpg'])).toBe(
      `deb [signed-by=/k/a.gpg] ${written} trixie main\n`,
    );
  });

  it('cannot do without the release and the backports, but without the rest', () => {
    const required = pocketsOf('trixie-backports', mirror).filter((pocket) => pocket.required);
    expect(required.map(({ suite }) => suite)).toEqual(['trixie', 'trixie-backports']);
  });
});

describe('configuration', () => {
  it('is private, checks signatures, and ends with what reaches the mirror', () => {
    const text = renderConfiguration('/w', 'amd64', [
      'Acquire::http::Proxy "http://p.example.org:3128";',
    ]);
    expect(text).toContain('Dir::State::status "/w/status";\n');
    expect(text).toContain('Dir::Etc::parts "/w/state/";\n');
    expect(text).toContain('Acquire::AllowInsecureRepositories "false";\n');
    expect(text.trimEnd().endsWith('Acquire::http::Proxy "http://p.example.org:3128";')).toBe(true);
  });

  it("takes over the host's proxies and nothing else", () => {
    const dump = `APT "";
APT::Install-Recommends "1";
Acquire "";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example.org:3128";
Acquire::http::Proxy::mirror.example.org "DIRECT";
Acquire::https::Verify-Peer "true";
Acquire::AllowInsecureRepositories "1";
Acquire::Languages:: "none";
Acquire::Check-Valid-Until "false";
Dir::Cache::pkgcache "";
DPkg::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb || true";`;
    expect(inheritedSettings(dump)).toEqual([
      'Acquire::http::Proxy "http://proxy.example.org:3128";',
      'Acquire::http::Proxy::mirror.example.org "DIRECT";',
      'Acquire::https::Verify-Peer "true";',
      'Acquire::Check-Valid-Until "false";',
    ]);
  });

  it('pins by name and version', () => {
    expect(renderPreferences({ packages: 'qemu*', version: '1:7.2+dfsg-7' })).toBe(
      'Package: qemu*\nPin: version 1:7.2+dfsg-7\nPin-Priority: 1001\n',
    );
    expect(renderPreferences(undefined)).toBe('');
  });
});

describe('packages to leave out', () => {
  const shown = `Package: libexample1
Source: example
Version: 2.0-1
Architecture: amd64
Provides: libexample (= 2.0-1)
Multi-Arch: same
Description: one

Package: libexample1
Version: 1.0-1
Architecture: amd64

Package: example-common
Version: 2.0-1
Architecture: all
`;

  it('are read from apt-cache, the first of each name, and said to be installed', () => {
    const leftOut = parseShownPackages(shown);
    expect(leftOut.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'libexample1 2.0-1',
      'example-common 2.0-1',
    ]);
    expect(renderStatus(leftOut)).toBe(
      'Package: libexample1\nStatus: install ok installed\nVersion: 2.0-1\nArchitecture: amd64\nMulti-Arch: same\n' +
        'Provides: libexample (= 2.0-1)\nMaintainer: none\nDescription: left out of the tree\n\n' +
        'Package: example-common\nStatus: install ok installed\nVersion: 2.0-1\nArchitecture: all\n' +
        'Maintainer: none\nDescription: left out of the tree\n\n',
    );
  });
});

describe('parsePrintedUris', () => {
  const hash = 'be65535e94f95fbf04b104e8ab36790476f063374430f7dfc6c516cbe2d2cd1e';

  it('reads names, versions with epochs, sizes and hashes, sorted by name', () => {
    const text =
      `'http://mirror.example.org/debian/pool/main/z/zlib/zlib1g_1.2.13.dfsg-1_amd64.deb' zlib1g_1%3a1.2.13.dfsg-1_amd64.deb 86684 SHA256:${hash}\n` +
      `'http://mirror.example.org/debian/pool/main/g/gcc-10/gcc-10-base_10.2.1-6_amd64.deb' gcc-10-base_10.2.1-6_amd64.deb 201332 SHA256:${hash}\n`;
    expect(parsePrintedUris(text)).toEqual([
      {
        name: 'gcc-10-base',
        version: '10.2.1-6',
        sizeBytes: 201332,
        sha256: hash,
        file: 'gcc-10-base_10.2.1-6_amd64.deb',
      },
      {
        name: 'zlib1g',
        version: '1:1.2.13.dfsg-1',
        sizeBytes: 86684,
        sha256: hash,
        file: 'zlib1g_1%3a1.2.13.dfsg-1_amd64.deb',
      },
    ]);
  });

  it('refuses a weaker hash', () => {
    expect(() =>
      parsePrintedUris(
        "'http://mirror.example.org/a.deb' a_1_all.deb 1 MD5Sum:8c82dcf89447f04e600379a1a1871f3b",
      ),
    ).toThrow(/Expected a package's address, size and SHA-256/);
  });
});
