/** The command line of one QEMU: a pure function of the build, the guest and the side it plays. */
import { guestCommandLine } from '../guest/image/command-line.ts';
import type { GuestShape } from '../plan/types.ts';
import type { GuestAddressing, GuestNetwork } from '../sandbox/host.ts';

/** The same card on both sides and in every template: the guest's neighbours know it by this address. */
const GUEST_MAC = '52:54:00:6d:62:01';
/** UDP port of the telemetry collector inside the sandbox's own network. */
export const COLLECTOR_PORT = 7700;

export interface CommandLine {
  /** Shown by `ps` and in QEMU's own messages. */
  readonly name: string;
  /** `-L` and the like, from the build. */
  readonly firmwareArgs: readonly string[];
  readonly accelerator: 'kvm' | 'tcg';
  /** Exact machine type, pinned so that both sides agree. */
  readonly machineType: string;
  readonly cpu: string;
  readonly guest: GuestShape;
  readonly image: { readonly kernel: string; readonly initrd: string; readonly root: string };
  readonly addressing: GuestAddressing;
  readonly collectorPort: number;
  readonly network: GuestNetwork;
  /** Raw disk image both sides can open; absent = the guest has no disk of its own. */
  readonly diskPath?: string;
  /** File that is the guest's memory, where both sides are to have the same; needs a backend of shared memory. */
  readonly sharedMemoryPath?: string;
  readonly qmpPath: string;
  readonly consolePath: string;
  /** `defer`: wait for an incoming migration. `none`: boot. */
  readonly incoming: 'defer' | 'none';
  /** Make every piece of guest memory one whose descriptor can be given away (mode: cpr-transfer). */
  readonly shareAllMemory?: boolean;
  /** Socket at which this QEMU waits, before anything else, for the descriptors of its guest's memory. */
  readonly handOverPath?: string;
}

function memoryArguments(
  guest: GuestShape,
  sharedPath: string | undefined,
): { machine: string; args: string[] } {
  const megabytes = `${guest.memoryBytes / (1024 * 1024)}M`;
  if (sharedPath !== undefined) {
    const file = `mem-path=${escapeOption(sharedPath)}`;
    return {
      machine: ',memory-backend=mem0',
      args: [
        ...['-m', megabytes],
        ...['-object', `memory-backend-file,id=mem0,size=${megabytes},${file},share=on`],
      ],
    };
  }
  switch (guest.backend) {
    case 'ram':
      return { machine: '', args: ['-m', megabytes] };
    case 'memfd':
      return {
        machine: ',memory-backend=mem0',
        args: [
          ...['-m', megabytes],
          ...['-object', `memory-backend-memfd,id=mem0,size=${megabytes},share=on`],
        ],
      };
    case 'hugepages':
      return {
        machine: ',memory-backend=mem0',
        args: [
          ...['-m', megabytes],
          ...[
            '-object',
            `memory-backend-memfd,id=mem0,size=${megabytes},share=on,hugetlb=on,hugetlbsize=2M`,
          ],
        ],
      };
  }
}

/** A dirty ring where the guest has one: TCG has no such thing, and is told nothing of it. */
function acceleratorArgument({ accelerator, guest }: CommandLine): string {
  return accelerator === 'kvm' && guest.dirtyRing !== undefined
    ? `kvm,dirty-ring-size=${guest.dirtyRing}`
    : accelerator;
}

function networkArguments(network: GuestNetwork): string[] {
  const backend =
    network.kind === 'tap'
      ? `tap,id=net0,ifname=${network.interface},script=no,downscript=no`
      : 'user,id=net0';
  return ['-netdev', backend, '-device', `virtio-net-pci,netdev=net0,mac=${GUEST_MAC},romfile=`];
}

function blockArguments(name: string, path: string, readOnly: boolean): string[] {
  const file = escapeOption(path);
  const access = readOnly ? 'read-only=on' : 'read-only=off';
  return [
    '-blockdev',
    `driver=file,node-name=${name}-file,filename=${file},${access}`,
    '-blockdev',
    `driver=raw,node-name=${name},file=${name}-file,${access}`,
    '-device',
    `virtio-blk-pci,drive=${name}${readOnly ? '' : ',share-rw=on'}`,
  ];
}

/** A comma ends an option's value in QEMU's syntax; two stand for one. */
export function escapeOption(value: string): string {
  return value.replaceAll(',', ',,');
}

/** The channel of descriptors, as QEMU takes it on its command line and in `migrate`. */
export function handOverChannel(path: string) {
  return { 'channel-type': 'cpr', addr: { transport: 'socket', type: 'unix', path } } as const;
}

/** Arguments of the emulator, without the program itself. */
export function commandLine(line: CommandLine): string[] {
  const memory = memoryArguments(line.guest, line.sharedMemoryPath);
  return [
    ...['-name', `${line.name},debug-threads=on`],
    ...line.firmwareArgs,
    ...[
      '-machine',
      `${line.machineType}${memory.machine}${line.shareAllMemory === true ? ',aux-ram-share=on' : ''}`,
    ],
    ...['-accel', acceleratorArgument(line)],
    ...['-cpu', line.cpu],
    ...['-smp', `${line.guest.vcpus}`],
    ...memory.args,
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none'],
    // A guest that panics reboots at once: that ends this QEMU instead of hanging it.
    '-no-reboot',
    ...['-kernel', line.image.kernel, '-initrd', line.image.initrd],
    ...[
      '-append',
      guestCommandLine({
        address: line.addressing.address,
        gateway: line.addressing.gateway,
        collector: `${line.addressing.collectorHost}:${line.collectorPort}`,
      }),
    ],
    ...blockArguments('root', line.image.root, true),
    ...(line.diskPath === undefined ? [] : blockArguments('disk', line.diskPath, false)),
    ...networkArguments(line.network),
    ...['-chardev', `file,id=console,path=${escapeOption(line.consolePath)},append=on`],
    ...['-serial', 'chardev:console'],
    ...['-qmp', `unix:${escapeOption(line.qmpPath)},server=on,wait=off`],
    ...(line.incoming === 'defer' ? ['-incoming', 'defer'] : []),
    ...(line.handOverPath === undefined
      ? []
      : ['-incoming', JSON.stringify(handOverChannel(line.handOverPath))]),
  ];
}
