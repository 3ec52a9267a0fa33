/**
 * apt's own solver and downloader on a private state: it never sees the host's packages, lists or locks, needs no
 * root, and checks the signature of every list and the hash of every package.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigbenchError, messageOf } from '../errors.ts';
import { run, type RunOptions } from '../sandbox/process.ts';
import type { Architecture } from './architecture.ts';
import {
  inheritedSettings,
  pocketsOf,
  renderConfiguration,
  renderPreferences,
  renderSources,
  renderStatus,
  type Pocket,
} from './apt-configuration.ts';
import { parsePrintedUris, parseShownPackages, type PackageFile } from './apt-output.ts';
import { linkOrCopy, safeName, type CacheLayout } from './cache.ts';
import { findKeyrings, packageTool } from './host.ts';
import { findMirror } from './mirror.ts';
import type { ProvisionOptions } from './progress.ts';
import { isBackports } from './suite.ts';
import { watchFolder } from './watch-folder.ts';

/** What to solve for. */
export interface AptRequest {
  readonly suite: string;
  readonly packages: readonly string[];
  /** Packages to treat as installed already. */
  readonly leaveOut: readonly string[];
  /** A version for the first package, and for all whose name matches the pattern (apt_preferences(5)). */
  readonly pin?: { readonly packages: string; readonly version: string };
}

/** A private apt state in a work folder. */
export interface AptState {
  readonly folder: string;
  readonly request: AptRequest;
  readonly pockets: readonly Pocket[];
  readonly keyrings: readonly string[];
  readonly options: ProvisionOptions;
  readonly layout: CacheLayout;
}

const UPDATE_LIMIT_MS = 10 * 60_000;
const SOLVE_LIMIT_MS = 2 * 60_000;
const DOWNLOAD_LIMIT_MS = 60 * 60_000;
/** Lists younger than this, in ms, are not asked for again while several trees of a suite are made. */
const FRESH_LISTS_MS = 10 * 60_000;

function runOptions(state: AptState, timeoutMs: number, purpose: string): RunOptions {
  return {
    timeoutMs,
    purpose,
    errorCode: 'host-unfit',
    cwd: state.folder,
    env: { APT_CONFIG: join(state.folder, 'apt.conf'), TMPDIR: join(state.folder, 'tmp') },
    ...(state.options.signal === undefined ? {} : { signal: state.options.signal }),
  };
}

/** Lay out a private state in `folder`. */
export async function openApt(
  folder: string,
  request: AptRequest,
  architecture: Architecture,
  layout: CacheLayout,
  options: ProvisionOptions,
): Promise<AptState> {
  const mirror = findMirror(options.mirror, architecture.debian);
  const keyrings = findKeyrings(mirror.keyrings);
  for (const name of ['state', 'lists/partial', 'cache', 'archives/partial', 'tmp']) {
    await mkdir(join(folder, name), { recursive: true });
  }
  const dump = await run(packageTool('apt-config'), ['dump'], {
    timeoutMs: 30_000,
    errorCode: 'host-unfit',
    purpose: "read this machine's apt configuration",
  });
  const configuration = renderConfiguration(
    folder,
    architecture.debian,
    inheritedSettings(dump.stdout),
  );
  // A proxy's address may hold a password.
  await writeFile(join(folder, 'apt.conf'), configuration, { mode: 0o600 });
  await writeFile(join(folder, 'preferences'), renderPreferences(request.pin));
  await writeFile(join(folder, 'status'), '');
  const pockets = pocketsOf(request.suite, mirror);
  await writeFile(join(folder, 'sources.list'), renderSources(pockets, keyrings));
  return { folder, request, pockets, keyrings, options, layout };
}

function cachedLists(state: AptState): string {
  const place = state.pockets[0]?.uri ?? '';
  return join(state.layout.lists, safeName(`${state.request.suite}@${place}`));
}

async function linkFiles(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true }).catch(() => [])) {
    if (entry.isFile() && entry.name !== 'lock') {
      await linkOrCopy(join(from, entry.name), join(to, entry.name));
    }
  }
}

/** The pockets whose signed index has arrived. */
async function presentPockets(state: AptState): Promise<Pocket[]> {
  const names = await readdir(join(state.folder, 'lists'));
  return state.pockets.filter(({ suite }) =>
    names.some(
      (name) =>
        name.endsWith(`_dists_${suite}_InRelease`) || name.endsWith(`_dists_${suite}_Release`),
    ),
  );
}

/**
 * Bring the package lists up to date. Pockets that this mirror lacks are done without.
 *
 * @returns the suites that were missing.
 * @throws MigbenchError `host-unfit` with apt's own words where the suite itself cannot be fetched.
 */
export async function updateLists(state: AptState): Promise<string[]> {
  const { folder, request, options } = state;
  const lists = join(folder, 'lists');
  const cached = cachedLists(state);
  await linkFiles(cached, lists);
  const ageMs = Date.now() - ((await stat(cached).catch(() => undefined))?.mtimeMs ?? 0);
  if (ageMs < FRESH_LISTS_MS && options.refresh !== true) {
    const present = await presentPockets(state);
    await writeFile(join(folder, 'sources.list'), renderSources(present, state.keyrings));
    return state.pockets.filter((pocket) => !present.includes(pocket)).map(({ suite }) => suite);
  }
  const update = async (): Promise<void> => {
    await using _watch = watchFolder(lists, (doneBytes) =>
      options.onProgress?.({
        phase: 'lists',
        doneBytes,
        detail: `${request.suite}: package lists`,
      }),
    );
    const { stderr } = await run(
      packageTool('apt-get'),
      ['-qq', 'update'],
      runOptions(state, UPDATE_LIMIT_MS, `fetch the package lists of ${request.suite}`),
    );
    // Older versions of apt call a mirror that does not answer a success.
    const present = await presentPockets(state);
    if (state.pockets.some((pocket) => pocket.required && !present.includes(pocket))) {
      throw new MigbenchError(
        'host-unfit',
        `Could not fetch the package lists of ${request.suite}:\n${stderr.trim()}`,
      );
    }
  };
  let missing: Pocket[] = [];
  try {
    await update();
  } catch (error) {
    if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
    const present = await presentPockets(state);
    missing = state.pockets.filter((pocket) => !present.includes(pocket));
    if (missing.length === 0 || missing.some(({ required }) => required)) throw mirrorError(error);
    await writeFile(join(folder, 'sources.list'), renderSources(present, state.keyrings));
    await update().catch((again: unknown) => {
      throw mirrorError(again);
    });
  }
  await publishLists(state, lists, cached);
  return missing.map(({ suite }) => suite);
}

async function publishLists(state: AptState, lists: string, cached: string): Promise<void> {
  const fresh = join(state.folder, 'lists.new');
  await mkdir(fresh, { recursive: true });
  await linkFiles(lists, fresh);
  await utimes(fresh, new Date(), new Date());
  await mkdir(state.layout.lists, { recursive: true });
  const old = join(state.folder, 'lists.old');
  if (existsSync(cached)) await rename(cached, old).catch(() => undefined);
  // Another process may have published its own meanwhile, and those are as good.
  await rename(fresh, cached).catch(() => undefined);
  await rm(old, { recursive: true, force: true });
}

function mirrorError(error: unknown): unknown {
  if (error instanceof MigbenchError && error.code !== 'host-unfit') return error;
  return new MigbenchError(
    'host-unfit',
    `${messageOf(error)}\nCheck that this machine reaches its Debian mirror, or name another one with --mirror URL. ` +
      'Where a signature could not be checked, update the package debian-archive-keyring.',
    { cause: error },
  );
}

/**
 * The packages that apt would install, with all that they depend on.
 *
 * @throws MigbenchError `host-unfit` with apt's own words where there is no such package, or no solution.
 */
export async function solve(state: AptState): Promise<PackageFile[]> {
  const { request } = state;
  if (request.leaveOut.length > 0) {
    const shown = await run(
      packageTool('apt-cache'),
      ['show', '--no-all-versions', ...request.leaveOut],
      runOptions(state, SOLVE_LIMIT_MS, 'look up the packages to leave out'),
    ).catch((error: unknown) => {
      if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
      // None of them exists in this suite: there is nothing to leave out.
      return { stdout: '' };
    });
    await writeFile(join(state.folder, 'status'), renderStatus(parseShownPackages(shown.stdout)));
  }
  const printed = await run(
    packageTool('apt-get'),
    installArguments(state, ['--print-uris', '-qq']),
    runOptions(state, SOLVE_LIMIT_MS, `resolve ${request.packages.join(', ')} in ${request.suite}`),
  );
  return parsePrintedUris(printed.stdout);
}

function installArguments({ request }: AptState, first: readonly string[]): string[] {
  const target = isBackports(request.suite) ? ['-t', request.suite] : [];
  // Preferences alone would be passed over where no archive has the pinned version.
  const packages = request.packages.map((name, index) =>
    index === 0 && request.pin !== undefined ? `${name}=${request.pin.version}` : name,
  );
  return ['install', ...first, '--no-remove', ...target, '--', ...packages];
}

/**
 * Fetch the packages of the solution into the archives folder; those already there are not fetched again.
 *
 * @throws MigbenchError `host-unfit` with apt's own words.
 */
export async function download(state: AptState, packages: readonly PackageFile[]): Promise<void> {
  const archives = join(state.folder, 'archives');
  const totalBytes = packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await using _watch = watchFolder(archives, (doneBytes) =>
    state.options.onProgress?.({
      phase: 'download',
      doneBytes: Math.min(doneBytes, totalBytes),
      totalBytes,
      detail: `${state.request.suite}: ${packages.length} packages`,
    }),
  );
  await run(
    packageTool('apt-get'),
    installArguments(state, ['--download-only', '-qq']),
    runOptions(
      state,
      DOWNLOAD_LIMIT_MS,
      `download ${packages.length} packages of ${state.request.suite}`,
    ),
  ).catch((error: unknown) => {
    throw mirrorError(error);
  });
}

/** The versions of a package that the suite's lists offer, newest first. */
export async function offeredVersions(state: AptState, name: string): Promise<string[]> {
  const { stdout } = await run(
    packageTool('apt-cache'),
    ['madison', name],
    runOptions(state, SOLVE_LIMIT_MS, `list the versions of ${name}`),
  );
  const versions = stdout.split('\n').map((line) => line.split('|')[1]?.trim() ?? '');
  return [...new Set(versions.filter((version) => version !== ''))];
}
