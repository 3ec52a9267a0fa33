/** What a page costs on the wire, and what a link carries: constants of QEMU's stream and of TCP, with their sources. */

export const PAGE_BYTES = 4096;
/** Before each page: an offset with flags (QEMU's documentation of the RAM stream). */
export const PAGE_HEADER_BYTES = 8;
/** A page of zeros is its header and the byte that fills it. */
export const ZERO_PAGE_BYTES = 9;
/** Bytes on the wire per byte of a page that is sent whole: 1 + h/p. */
export const PAGE_OVERHEAD = 1 + PAGE_HEADER_BYTES / PAGE_BYTES;

/** Of an Ethernet frame of 1514 bytes (without preamble and checksum, as `tc` counts), 1448 are TCP payload. */
export const LINK_PAYLOAD = 1448 / 1514;

/** Payload that a link of this bandwidth carries, bytes per second. */
export function payloadBytesPerSecond(bitsPerSecond: number): number {
  return (bitsPerSecond / 8) * LINK_PAYLOAD;
}
