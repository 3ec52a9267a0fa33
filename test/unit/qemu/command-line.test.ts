/** The command line of a QEMU, written out. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandLine, escapeOption, type CommandLine } from '../../../harness/qemu/command-line.ts';

const line: CommandLine = {
  name: 'migbench-source',
  firmwareArgs: ['-L', '/tree/usr/share/qemu'],
  accelerator: 'tcg',
  machineType: 'pc-i440fx-10.0',
  cpu: 'qemu64',
  guest: { memoryBytes: 384 * 2 ** 20, vcpus: 2, backend: 'ram' },
  image: { kernel: '/image/vmlinuz', initrd: '/image/initrd', root: '/image/root.squashfs' },
  addressing: {
    ...{ address: '10.202.0.10/24', gateway: '10.202.0.1', collectorHost: '10.202.0.1' },
  },
  collectorPort: 7700,
  network: { kind: 'tap', interface: 'tap0' },
  qmpPath: '/run/source-qmp',
  consolePath: '/runs/one/source.console.log',
  incoming: 'defer',
};

/** Values of an option that can be given more than once. */
function valuesOf(args: readonly string[], option: string): string[] {
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ''] : []));
}

test('a guest on the service bridge that waits for a migration', () => {
  expect(commandLine(line)).toEqual([
    '-name',
    'migbench-source,debug-threads=on',
    '-L',
    '/tree/usr/share/qemu',
    '-machine',
    'pc-i440fx-10.0',
    '-accel',
    'tcg',
    '-cpu',
    'qemu64',
    '-smp',
    '2',
    '-m',
    '384M',
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-vga',
    'none',
    '-no-reboot',
    '-kernel',
    '/image/vmlinuz',
    '-initrd',
    '/image/initrd',
    '-append',
    'quiet console=ttyS0 panic=-1 no_timer_check ipv6.disable=1 migbench.address=10.202.0.10/24 ' +
      'migbench.gateway=10.202.0.1 migbench.collector=10.202.0.1:7700',
    '-blockdev',
    'driver=file,node-name=root-file,filename=/image/root.squashfs,read-only=on',
    '-blockdev',
    'driver=raw,node-name=root,file=root-file,read-only=on',
    '-device',
    'virtio-blk-pci,drive=root',
    '-netdev',
    'tap,id=net0,ifname=tap0,script=no,downscript=no',
    '-device',
    'virtio-net-pci,netdev=net0,mac=52:54:00:6d:62:01,romfile=',
    '-chardev',
    'file,id=console,path=/runs/one/source.console.log,append=on',
    '-serial',
    'chardev:console',
    '-qmp',
    'unix:/run/source-qmp,server=on,wait=off',
    '-incoming',
    'defer',
  ]);
});

test('booting, with user-mode networking, a disk and memory that can be shared', () => {
  const args = commandLine({
    ...line,
    network: { kind: 'user' },
    incoming: 'none',
    diskPath: '/runs/one/disk.raw',
    guest: { memoryBytes: 2 ** 30, vcpus: 1, backend: 'memfd' },
  });
  expect(args).not.toContain('-incoming');
  expect(valuesOf(args, '-netdev')).toEqual(['user,id=net0']);
  expect(valuesOf(args, '-machine')).toEqual(['pc-i440fx-10.0,memory-backend=mem0']);
  expect(valuesOf(args, '-m')).toEqual(['1024M']);
  expect(valuesOf(args, '-object')).toEqual(['memory-backend-memfd,id=mem0,size=1024M,share=on']);
  expect(valuesOf(args, '-blockdev').slice(2)).toEqual([
    'driver=file,node-name=disk-file,filename=/runs/one/disk.raw,read-only=off',
    'driver=raw,node-name=disk,file=disk-file,read-only=off',
  ]);
  // Source and destination have it open at the same time.
  expect(valuesOf(args, '-device')).toContain('virtio-blk-pci,drive=disk,share-rw=on');
});

test('a dirty ring belongs to KVM, and TCG hears nothing of it', () => {
  const guest = { memoryBytes: 2 ** 29, vcpus: 1, backend: 'ram', dirtyRing: 4096 } as const;
  const accelerators = (['kvm', 'tcg'] as const).flatMap((accelerator) =>
    valuesOf(commandLine({ ...line, guest, accelerator }), '-accel'),
  );
  expect(accelerators).toEqual(['kvm,dirty-ring-size=4096', 'tcg']);
});

test('a destination that is handed its memory waits for it at a socket of its own', () => {
  const guest = { memoryBytes: 2 ** 29, vcpus: 1, backend: 'memfd' } as const;
  const args = commandLine({ ...line, guest, shareAllMemory: true, handOverPath: '/run/a,b' });
  expect(valuesOf(args, '-machine')).toEqual([
    'pc-i440fx-10.0,memory-backend=mem0,aux-ram-share=on',
  ]);
  expect(valuesOf(args, '-incoming')).toEqual([
    'defer',
    '{"channel-type":"cpr","addr":{"transport":"socket","type":"unix","path":"/run/a,b"}}',
  ]);
});

test('hugepages', () => {
  const args = commandLine({
    ...line,
    guest: { memoryBytes: 2 ** 29, vcpus: 1, backend: 'hugepages' },
  });
  expect(valuesOf(args, '-object')).toEqual([
    'memory-backend-memfd,id=mem0,size=512M,share=on,hugetlb=on,hugetlbsize=2M',
  ]);
});

test('both sides of a migration differ in name, paths and what they wait for only', () => {
  const source = commandLine({ ...line, incoming: 'none' });
  const destination = commandLine({
    ...line,
    ...{ name: 'migbench-destination', qmpPath: '/run/destination-qmp', consolePath: '/c' },
  });
  const differing = destination.filter((arg, index) => arg !== source[index]);
  expect(differing).toEqual([
    'migbench-destination,debug-threads=on',
    'file,id=console,path=/c,append=on',
    'unix:/run/destination-qmp,server=on,wait=off',
    '-incoming',
    'defer',
  ]);
});

test('commas of paths are doubled wherever a comma would end the value', () => {
  const args = commandLine({
    ...line,
    ...{ qmpPath: '/a,b/q', consolePath: '/a,b/c', diskPath: '/a,b/d' },
    image: { ...line.image, root: '/a,b/r' },
  });
  expect(args.filter((arg) => arg.includes('/a'))).toEqual([
    'driver=file,node-name=root-file,filename=/a,,b/r,read-only=on',
    'driver=file,node-name=disk-file,filename=/a,,b/d,read-only=off',
    'file,id=console,path=/a,,b/c,append=on',
    'unix:/a,,b/q,server=on,wait=off',
  ]);
});

test('QEMU reads back what was escaped', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(escapeOption(value).replaceAll(',,', ',')).toBe(value);
      expect(escapeOption(value).replaceAll(',,', '')).not.toContain(',');
    }),
  );
});
