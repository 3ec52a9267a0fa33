/** The grammar of build references, and QEMU's version line. */
import { describe, expect, it } from 'vitest';
import {
  formatBuildReference,
  parseBuildReference,
} from '../../../../harness/qemu/builds/reference.ts';
import { parseVersion } from '../../../../harness/qemu/builds/probe-build.ts';

describe('parseBuildReference', () => {
  it.each([
    ['system', { kind: 'system' }],
    [
      'path:/opt/qemu/bin/qemu-system-x86_64',
      { kind: 'path', path: '/opt/qemu/bin/qemu-system-x86_64' },
    ],
    ['path:build/qemu:x', { kind: 'path', path: 'build/qemu:x' }],
    ['debian:bookworm', { kind: 'debian', suite: 'bookworm' }],
    [
      'debian:trixie=1:10.0.13+ds-0+deb13u1',
      { kind: 'debian', suite: 'trixie', version: '1:10.0.13+ds-0+deb13u1' },
    ],
  ])('reads %s', (text, expected) => {
    const parsed = parseBuildReference(text);
    expect(parsed).toEqual(expected);
    expect(formatBuildReference(parsed)).toBe(text);
  });

  it.each([
    ['debian:trixy', /Did you mean trixie\?$/],
    ['debian', /Did you mean debian\?$|expected system, path:FILE/],
    ['trixie', /Did you mean debian:trixie\?$/],
    ['trixie=1:10.0', /Did you mean debian:trixie=1:10\.0\?$/],
    ['/opt/qemu/bin/qemu', /Did you mean path:\/opt\/qemu\/bin\/qemu\?$/],
    ['sytem', /Did you mean system\?$/],
    ['path:', /names no file: expected system, path:FILE/],
    ['', /is not a QEMU build: expected system, path:FILE .* or debian:SUITE\[=VERSION\]/],
    ['ubuntu:noble', /is not a QEMU build/],
    ['debian:trixie=', /is not a Debian version/],
  ])('refuses %j', (text, message) => {
    expect(() => parseBuildReference(text)).toThrow(message);
  });
});

describe('parseVersion', () => {
  it.each([
    [
      'QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)\nCopyright (c) 2003-2025 Fabrice Bellard\n',
      { version: '10.0.13', package: 'Debian 1:10.0.13+ds-0+deb13u1' },
    ],
    ['QEMU emulator version 9.1.50\nCopyright', { version: '9.1.50', package: '' }],
    [
      'QEMU emulator version 9.2.0 (v9.2.0-rc1-12-gdeadbeef-dirty)\n',
      { version: '9.2.0', package: 'v9.2.0-rc1-12-gdeadbeef-dirty' },
    ],
    [
      'QEMU emulator version 9.0.0 (qemu-kvm-9.0.0-10.el9)\n',
      { version: '9.0.0', package: 'qemu-kvm-9.0.0-10.el9' },
    ],
  ])('reads %j', (output, expected) => {
    expect(parseVersion(output)).toEqual(expected);
  });

  it.each(['', 'qemu-img version 10.0.13', 'bash, version 5.2', 'QEMU emulator version unknown'])(
    'finds none in %j',
    (output) => {
      expect(parseVersion(output)).toBeUndefined();
    },
  );
});
