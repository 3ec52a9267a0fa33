/** Readable labels of cells: safe in file names and in globs, never parsed back. */
import { formatExact } from '../units.ts';
import type { GuestShape, LinkShape } from './types.ts';

/** A text as part of a label: everything that a path or a glob could misread becomes a hyphen. */
export const labelText = (text: string): string =>
  text.replaceAll(/[^\w.+=,%-]+/g, '-').replaceAll(/^-+|-+$/g, '');

/** `1Gbit+2ms+loss0.1%+competing300Mbit`. */
export function linkLabel(link: LinkShape): string {
  const rate = (value: number | 'unlimited') =>
    formatExact(value, 'bits-per-second').replace('/s', '');
  return [
    rate(link.bandwidthBitsPerSecond),
    ...(link.delayUs === undefined ? [] : [formatExact(link.delayUs / 1000, 'duration')]),
    ...(link.lossPercent === undefined ? [] : [`loss${formatExact(link.lossPercent, 'percent')}`]),
    ...(link.competingBitsPerSecond === undefined
      ? []
      : [`competing${rate(link.competingBitsPerSecond)}`]),
  ].join('+');
}

/** `384MiB-1cpu`, and what differs from the defaults. */
export function guestLabel(guest: GuestShape): string {
  return [
    formatExact(guest.memoryBytes, 'bytes'),
    `${guest.vcpus}cpu`,
    ...(guest.machine === undefined ? [] : [labelText(guest.machine)]),
    ...(guest.cpu === undefined ? [] : [labelText(guest.cpu)]),
    ...(guest.backend === 'ram' ? [] : [guest.backend]),
    ...(guest.dirtyRing === undefined ? [] : [`ring${guest.dirtyRing}`]),
    ...(guest.storage === undefined ? [] : [guest.storage]),
    ...(guest.image === undefined ? [] : [labelText(guest.image)]),
  ].join('-');
}

/** `system`, `debian-trixie`, `debian-bookworm-to-debian-trixie`. */
export function qemuLabel(qemu: { readonly source: string; readonly destination: string }): string {
  const source = labelText(qemu.source);
  return qemu.source === qemu.destination ? source : `${source}-to-${labelText(qemu.destination)}`;
}

/** The same labels, with `-2`, `-3` … where one is taken. */
export function distinct(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label) => {
    let free = label;
    for (let number = 2; taken.has(free); number++) free = `${label}-${number}`;
    taken.add(free);
    return free;
  });
}
