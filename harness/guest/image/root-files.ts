/** Which files of the packages get into the guest's root, and those that no package brings. */
import {
  chmod,
  copyFile,
  link,
  mkdir,
  readdir,
  readlink,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Folders and files that only a person, a compiler or another language would miss. */
const UNWANTED: readonly RegExp[] = [
  /^tree\.json$/,
  /^usr\/share\/(doc|doc-base|man|info|locale|i18n|lintian|bug|common-licenses|icu|bash-completion)$/,
  /^usr\/share\/postgresql\/[^/]+\/man$/,
  /^usr\/lib\/[^/]+\/gconv$/,
  // just-in-time compilation, whose library is left out
  /^usr\/lib\/postgresql\/[^/]+\/lib\/(bitcode|llvmjit.*)$/,
  /^usr\/lib\/(systemd|udev)$/,
  /^etc\/(passwd|group)$/,
];

/** Whether a path (relative, without a leading slash) is packed into the image. */
export function isWanted(path: string): boolean {
  return !UNWANTED.some((pattern) => pattern.test(path));
}

/**
 * Lay out the wanted files of a tree in an empty folder: folders anew, symbolic links as they are, files as hard links
 * (they are only read).
 */
export async function stageTree(from: string, to: string, inside = ''): Promise<void> {
  await mkdir(join(to, inside), { recursive: true });
  for (const entry of await readdir(join(from, inside), { withFileTypes: true })) {
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (!isWanted(path)) continue;
    const source = join(from, path);
    const target = join(to, path);
    if (entry.isDirectory()) await stageTree(from, to, path);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (entry.isFile()) await link(source, target).catch(() => copyFile(source, target));
  }
}

/** Empty folders that file systems are mounted on or programs write to. */
const FOLDERS = ['dev', 'proc', 'sys', 'run', 'tmp', 'root', 'etc', 'var/lib', 'var/tmp', 'mnt'];

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh',
    'postgres:x:70:70:postgres:/var/lib/postgresql:/bin/sh',
    'nobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n',
  ].join('\n'),
  'etc/group': 'root:x:0:\npostgres:x:70:\nnogroup:x:65534:\n',
  'etc/hostname': 'guest\n',
  'etc/hosts': '127.0.0.1 localhost guest\n',
};

/** Add what maintainer scripts would have made on an installed system. */
export async function addSkeleton(root: string): Promise<void> {
  for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
    await chmod(join(root, path), 0o644);
  }
}

/**
 * Let every user of the guest into all folders of a laid out root, itself included: they were made under this process's
 * umask, and what packs them keeps their modes.
 */
export async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(folder, entry.name));
  }
}
