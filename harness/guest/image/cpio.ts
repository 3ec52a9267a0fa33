/** An initramfs as the kernel reads it: a cpio archive of format "newc" (Documentation/driver-api/early-userspace). */

/** A file or, without content, a folder. Parents must come before what is in them. */
export interface CpioEntry {
  /** Path without a leading slash. */
  readonly path: string;
  readonly content?: Uint8Array;
  readonly executable?: boolean;
}

const FOLDER_MODE = 0o040755;
const FILE_MODE = 0o100644;
const PROGRAM_MODE = 0o100755;

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.byteLength % 4)) % 4)]);
}

function record(inode: number, mode: number, path: string, content: Uint8Array): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  // inode, mode, uid, gid, links, mtime, size, device ×2, special device ×2, name length, checksum
  const ids = [inode, mode, 0, 0, links, 0, content.byteLength];
  const fields = ids.concat([0, 0, 0, 0, name.length, 0]);
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(content)];
}

/** The archive: all files owned by root, without times, so that equal entries give equal bytes. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const records = entries.map(({ path, content, executable }, index) => {
    const fileMode = executable === true ? PROGRAM_MODE : FILE_MODE;
    const mode = content === undefined ? FOLDER_MODE : fileMode;
    return record(index + 1, mode, path, content ?? new Uint8Array());
  });
  const end = record(0, 0, 'TRAILER!!!', new Uint8Array());
  return Buffer.concat([...records, end].flat());
}
