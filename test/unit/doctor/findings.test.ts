/** What doctor makes of what it finds. */
import { describe, expect, test } from 'vitest';
import { bootSector, BOOT_SECTOR_TEXT } from '../../../harness/doctor/boot-sector.ts';
import { roomFinding } from '../../../harness/doctor/cache.ts';
import { bad, ok, warn, worstLevel } from '../../../harness/doctor/finding.ts';
import { checkKvm } from '../../../harness/doctor/kvm.ts';
import {
  checkMemory,
  checkNode,
  checkPlatform,
  checkProcessors,
} from '../../../harness/doctor/machine.ts';
import { mirrorRemedy } from '../../../harness/doctor/packages.ts';
import { checkPostcopy } from '../../../harness/doctor/postcopy.ts';
import { firstRefusal } from '../../../harness/doctor/qemu.ts';
import { checkNamespaces, checkSetpriv } from '../../../harness/doctor/sandbox.ts';

const GIB = 2 ** 30;

test('the worst of all', () => {
  const fine = ok('a', 'fine');
  expect(worstLevel([])).toBe('ok');
  expect(worstLevel([fine, warn('b', 'x', 'y'), fine])).toBe('warn');
  expect(worstLevel([bad('c', 'x', 'y'), warn('b', 'x', 'y')])).toBe('bad');
});

describe('the machine', () => {
  test.each([
    ['18.20.0', 'bad'],
    ['20.18.9', 'bad'],
    ['20.19.0', 'ok'],
    ['22.0.0', 'ok'],
  ])('Node %s is %s', (version, level) => {
    expect(checkNode(version).level).toBe(level);
  });

  test.each([
    ['linux', 'x64', 'ok'],
    ['linux', 'arm64', 'bad'],
    ['darwin', 'x64', 'bad'],
  ])('%s on %s is %s', (platform, architecture, level) => {
    expect(checkPlatform(platform, architecture).level).toBe(level);
  });

  test('one processor is not enough to be trusted', () => {
    expect(checkProcessors(2, 'A CPU')).toEqual(ok('processors', '2 usable, A CPU'));
    expect(checkProcessors(1, 'A CPU').level).toBe('warn');
  });

  test('memory', () => {
    expect(checkMemory(8 * GIB)).toEqual(ok('memory', '8 GiB available'));
    expect(checkMemory(0.75 * GIB).level).toBe('warn');
    expect(checkMemory(0.25 * GIB).level).toBe('bad');
  });

  test('room for the cache matters until it was filled', () => {
    expect(roomFinding(100e9, false).level).toBe('ok');
    expect(roomFinding(1e9, false).level).toBe('warn');
    expect(roomFinding(1e9, true).level).toBe('ok');
    expect(roomFinding(1e8, true).level).toBe('bad');
  });
});

describe('a mirror', () => {
  test.each([
    ['ID=debian\nVERSION_ID="13"\n', true],
    ['ID=ubuntu\nID_LIKE=debian\n', false],
    ['ID="linuxmint"\nID_LIKE="ubuntu debian"\n', false],
    ['', false],
  ])('is written into the sources of %j: %s', (osRelease, written) => {
    const remedy = mirrorRemedy(osRelease);
    expect(remedy.includes('/etc/apt/sources.list')).toBe(written);
    expect(remedy.includes('--mirror')).toBe(!written);
  });
});

describe('post-copy', () => {
  const refused = {
    privileged: false,
    inKernel: true,
    unprivileged: false,
    device: 'refused',
  } as const;

  test('root, the sysctl and the device each allow it', () => {
    expect(checkPostcopy({ ...refused, privileged: true }).level).toBe('ok');
    expect(checkPostcopy({ ...refused, unprivileged: true }).level).toBe('ok');
    const device = checkPostcopy({ ...refused, device: 'open' });
    expect(device.level).toBe('warn');
    expect(device.found).toContain('refused to older builds');
  });

  test('the remedy names the device only where there is one', () => {
    expect(checkPostcopy(refused).remedy).toContain('chmod 0666 /dev/userfaultfd');
    expect(checkPostcopy({ ...refused, device: 'absent' }).remedy).not.toContain('chmod');
    expect(checkPostcopy(refused).remedy).toContain('sysctl vm.unprivileged_userfaultfd=1');
  });

  test('a kernel without userfaultfd cannot do it at all', () => {
    expect(checkPostcopy({ ...refused, privileged: true, inKernel: false }).level).toBe('warn');
  });

  test("QMP's refusal is found among its answers", () => {
    const greeting = '{"QMP": {"version": {}, "capabilities": []}}';
    expect(firstRefusal(`${greeting}\n{"return": {}}\n{"return": {}}\n`)).toBeUndefined();
    expect(
      firstRefusal(
        `${greeting}\n{"error": {"class": "GenericError", "desc": "Postcopy is not supported"}}\n`,
      ),
    ).toBe('Postcopy is not supported');
  });
});

describe('the sandbox', () => {
  const kind = {
    mode: 'namespaces',
    guestNetwork: 'tap',
    entrance: { file: 'setpriv', args: ['unshare', '--user'] },
    notes: [],
  } as const;

  test('namespaces', () => {
    expect(checkNamespaces(kind)).toEqual(ok('namespaces', 'allowed, by way of a user namespace'));
    const notes = ['Namespaces are refused here. To allow them: sysctl a=1, or run as root.'];
    expect(checkNamespaces({ ...kind, mode: 'loopback', notes })).toEqual(
      warn(
        'namespaces',
        'Namespaces are refused here.',
        'To allow them: sysctl a=1, or run as root.',
      ),
    );
  });

  test('without setpriv nothing can run', () => {
    expect(checkSetpriv(undefined).level).toBe('bad');
    expect(checkSetpriv('/usr/bin/setpriv').level).toBe('ok');
  });

  test.each([
    ['open', 'ok'],
    ['refused', 'warn'],
    ['absent', 'warn'],
  ] as const)('/dev/kvm %s is %s', (device, level) => {
    expect(checkKvm(device).level).toBe(level);
  });
});

test('the boot sector is one, and holds its text where its code looks for it', () => {
  const sector = bootSector();
  expect(sector).toHaveLength(512);
  expect([...sector.slice(-2)]).toEqual([0x55, 0xaa]);
  const textAt = (sector[5] ?? 0) + (sector[6] ?? 0) * 256 - 0x7c00;
  const text = new TextDecoder().decode(sector.slice(textAt, textAt + BOOT_SECTOR_TEXT.length));
  expect(text).toBe('migbench-was-here');
});
