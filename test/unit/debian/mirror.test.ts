/** Choosing Debian's own archive among a machine's sources. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chooseMirror, mirrorAt, readSources } from '../../../harness/debian/mirror.ts';
import { parseDeb822Sources, parseOneLineSources } from '../../../harness/debian/sources.ts';

const choose = (text: string) => chooseMirror(parseOneLineSources(text), 'amd64');

describe('chooseMirror', () => {
  it('prefers Debian over third parties, whatever their order', () => {
    const mirror = choose(`
deb [signed-by=/usr/share/keyrings/node.gpg] https://deb.node.example.org/node_20.x nodistro main
deb https://apt.vendor.example.org bookworm main
deb https://download.containers.example.org/linux/debian bookworm stable
deb http://mirror.example.org/debian bookworm main contrib
deb http://security.example.org/debian-security bookworm-security main
`);
    expect(mirror).toEqual({
      archive: 'http://mirror.example.org/debian',
      security: 'http://security.example.org/debian-security',
      keyrings: [],
    });
  });

  it('has no mirror where all are of third parties or of other distributions', () => {
    expect(
      choose(`
deb http://archive.example.org/ubuntu noble main restricted
deb http://archive.example.org/raspbian bookworm main
deb https://apt.vendor.example.org bookworm main
`),
    ).toBeUndefined();
    expect(choose('')).toBeUndefined();
  });

  it('guesses where the security archive is beside the main one', () => {
    expect(choose('deb http://mirror.example.org/debian/ trixie main')?.security).toBe(
      'http://mirror.example.org/debian-security',
    );
    expect(
      choose('deb http://snapshot.example.org/archive/debian/20250520T000000Z trixie main'),
    ).toEqual({
      archive: 'http://snapshot.example.org/archive/debian/20250520T000000Z',
      keyrings: [],
    });
  });

  it('takes a mirror list, as cloud images have', () => {
    const text = `Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: trixie trixie-updates trixie-backports
Components: main

Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian-security.list
Suites: trixie-security
Components: main
`;
    expect(chooseMirror(parseDeb822Sources(text), 'amd64')).toEqual({
      archive: 'mirror+file:///etc/apt/mirrors/debian.list',
      security: 'mirror+file:///etc/apt/mirrors/debian-security.list',
      keyrings: [],
    });
  });

  it('passes over entries for another architecture, and keeps the keyrings of the chosen one', () => {
    const mirror = choose(`
deb [arch=arm64] http://ports.example.org/debian trixie main
deb [arch=amd64 signed-by=/etc/apt/keyrings/site.gpg] http://site.example.org/debian trixie main
`);
    expect(mirror?.archive).toBe('http://site.example.org/debian');
    expect(mirror?.keyrings).toEqual(['/etc/apt/keyrings/site.gpg']);
  });
});

describe('mirrorAt', () => {
  it('takes an address', () => {
    expect(mirrorAt('https://mirror.example.org/debian/')).toEqual({
      archive: 'https://mirror.example.org/debian',
      security: 'https://mirror.example.org/debian-security',
      keyrings: [],
    });
    expect(mirrorAt('file:/srv/mirror')).toEqual({ archive: 'file:/srv/mirror', keyrings: [] });
  });

  it.each(['', 'mirror.example.org/debian', 'http://', 'http://a b/debian', 'gopher://x/debian'])(
    'refuses %j',
    (address) => {
      expect(() => mirrorAt(address)).toThrow(/not the address of a Debian mirror: expected a URL/);
    },
  );
});

describe('readSources', () => {
  it('reads both formats from both places, and passes over other files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'migbench-sources-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'sources.list.d'));
    await writeFile(join(folder, 'sources.list'), 'deb http://a.example.org/debian trixie main\n');
    const stanza = (host: string) =>
      `Types: deb\nURIs: http://${host}/debian\nSuites: trixie\nComponents: main\n`;
    await writeFile(join(folder, 'sources.list.d/b.sources'), stanza('b.example.org'));
    await writeFile(
      join(folder, 'sources.list.d/c.list'),
      'deb http://c.example.org/debian trixie main',
    );
    await writeFile(join(folder, 'sources.list.d/d.sources.disabled'), stanza('d.example.org'));
    expect(readSources(folder).map(({ uri }) => uri)).toEqual([
      'http://a.example.org/debian',
      'http://c.example.org/debian',
      'http://b.example.org/debian',
    ]);
    expect(readSources(join(folder, 'absent'))).toEqual([]);
  });
});
