/**
 * The layout of the cache, and its one rule: whatever lies under a final name is whole.
 *
 *     trees/<key>/        unpacked packages, with tree.json
 *     refs/<name>.json    which tree answers which request
 *     debs/<sha256>.deb   verified packages of a tree that is not finished yet
 *     lists/<name>/       apt's package lists
 *     images/             guest images
 *     programs/           migbench's own C programs for this host
 *     facts/<name>.json   small answers that took time to find, such as a binary's hash
 *     accelerators/       whether KVM works, until this host boots again
 *     locks/<name>        who is making what
 *     work/<name>/        everything unfinished; its owner is written in it
 *
 * Things are made in `work`, flushed, and renamed to their final name.
 */
import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../paths.ts';
import { MigbenchError, messageOf, systemErrorCode } from '../errors.ts';

/** Folders of the cache, as absolute paths. */
export interface CacheLayout {
  readonly root: string;
  readonly trees: string;
  readonly refs: string;
  readonly debs: string;
  readonly lists: string;
  readonly facts: string;
  readonly locks: string;
  readonly work: string;
}

/** Where things are in the cache at `root`, by default the user's. Nothing is created. */
export function cacheLayout(root: string = cacheDirectory()): CacheLayout {
  const at = (name: string): string => join(root, name);
  return {
    root,
    trees: at('trees'),
    refs: at('refs'),
    debs: at('debs'),
    lists: at('lists'),
    facts: at('facts'),
    locks: at('locks'),
    work: at('work'),
  };
}

/** Turns a file system's refusal into what the user can do about it; other errors stay as they are. */
export function cacheError(error: unknown, layout: CacheLayout): unknown {
  if (error instanceof MigbenchError) return error;
  const code = systemErrorCode(error);
  const remedies: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full; free some space, or run `migbench cache prune`',
    EDQUOT: 'your disk quota is used up; free some space, or run `migbench cache prune`',
    EROFS: 'the file system is read-only',
    EACCES: 'it is not writable for this user',
    EPERM: 'it is not writable for this user',
  };
  const remedy = code === undefined ? undefined : remedies[code];
  if (remedy === undefined) return error;
  return new MigbenchError(
    'host-unfit',
    `Cannot write the cache ${layout.root}: ${remedy}. XDG_CACHE_HOME names another place for it. (${messageOf(error)})`,
    { cause: error },
  );
}

interface Owner {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: tells a process from a later one with the same number. */
  readonly startTicks: string;
  /** The first one has the same number on every Linux host. */
  readonly pidNamespace: string;
  /** The cache may be in a home that several hosts share. */
  readonly hostName: string;
  /** Of the host's boot. */
  readonly bootId: string;
}

/** The fields of /proc/PID/stat after the name, which may have spaces: the third is first. `undefined` where it has ended. */
export function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

const startTicks = (pid: number): string | undefined => statFields(pid)?.[19];

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return 'unknown';
  }
}

/** The id of this boot of the host; empty where it is not told. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** A folder for unfinished things, on the cache's own file system; it goes away at the end of its scope. */
export class WorkDirectory implements AsyncDisposable {
  readonly path: string;

  constructor(layout: CacheLayout, purpose: string) {
    this.path = join(layout.work, `${purpose}-${process.pid}-${randomBytes(4).toString('hex')}`);
    try {
      mkdirSync(this.path, { recursive: true });
      const owner: Owner = {
        pid: process.pid,
        startTicks: startTicks(process.pid) ?? '',
        pidNamespace: pidNamespace(),
        hostName: hostname(),
        bootId: bootId(),
      };
      writeFileSync(join(this.path, 'owner.json'), JSON.stringify(owner));
    } catch (error) {
      throw cacheError(error, layout);
    }
  }

  /** A new folder inside. */
  async folder(name: string): Promise<string> {
    const path = join(this.path, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** How long a work folder whose owner cannot be seen from here (another container or host) is left alone, in ms. */
const UNSEEN_OWNER_MS = 6 * 3_600_000;

/** Whether the program that made this work folder is gone, so that nothing will finish it. */
export function isAbandoned(workDirectory: string): boolean {
  const ageMs = Date.now() - (statSync(workDirectory, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  let owner: Partial<Owner>;
  try {
    owner = JSON.parse(readFileSync(join(workDirectory, 'owner.json'), 'utf8')) as Partial<Owner>;
  } catch {
    return ageMs > 60_000;
  }
  // Absent in folders that older versions of migbench have made.
  const { hostName = hostname(), bootId: boot = bootId() } = owner;
  if (hostName !== hostname()) return ageMs > UNSEEN_OWNER_MS;
  if (boot !== bootId()) return true;
  if (owner.pidNamespace !== pidNamespace() || owner.pid === undefined)
    return ageMs > UNSEEN_OWNER_MS;
  return startTicks(owner.pid) !== owner.startTicks;
}

/** Write a file so that a reader sees the old text or the new one, never a part. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}~`;
  await mkdir(dirname(path), { recursive: true });
  try {
    const file = await open(temporary, 'w', 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Give a file the time of its last use, for `cache prune`: a file system may not note when it is read. */
export function markUsed(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // A cache that this user may only read is good enough.
  }
}

/** A name that is safe as a single path component. */
export function safeName(text: string): string {
  return text.replace(/[^A-Za-z0-9.=_+-]/g, '_').replace(/^\.+/, '_');
}

/** Give a file a second name, or copy it where the file system has no hard links. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}
