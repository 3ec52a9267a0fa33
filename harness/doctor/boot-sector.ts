/**
 * The smallest guest there is: a boot sector that writes a word to the first serial port and resets the machine, so
 * that a QEMU with `-no-reboot` ends by itself.
 */

/** What it writes. */
export const BOOT_SECTOR_TEXT = 'migbench-was-here';

/** Where a PC's firmware loads a boot sector to. */
const LOAD_ADDRESS = 0x7c00;
const SECTOR_BYTES = 512;
const CODE_BYTES = 25;
const textAddress = LOAD_ADDRESS + CODE_BYTES;

/** 16-bit code, 8086. */
const code = [
  ...[0x31, 0xc0], // xor ax, ax
  ...[0x8e, 0xd8], // mov ds, ax
  ...[0xbe, textAddress & 0xff, textAddress >> 8], // mov si, text
  0xac, // next: lodsb
  ...[0x84, 0xc0], // test al, al
  ...[0x74, 0x06], // jz done
  ...[0xba, 0xf8, 0x03], // mov dx, 0x3f8
  0xee, // out dx, al
  ...[0xeb, 0xf5], // jmp next
  ...[0xb0, 0xfe], // done: mov al, 0xfe
  ...[0xe6, 0x64], // out 0x64, al: the keyboard controller resets the machine
  0xf4, // wait: hlt
  ...[0xeb, 0xfd], // jmp wait
];

/** The sector as the content of a disk image. */
export function bootSector(): Uint8Array {
  const sector = new Uint8Array(SECTOR_BYTES);
  sector.set([...code, ...new TextEncoder().encode(`${BOOT_SECTOR_TEXT}\0`)]);
  sector.set([0x55, 0xaa], SECTOR_BYTES - 2);
  return sector;
}
