/**
 * `npm start` and `npm test` from a fresh clone, with nothing but Node and npm: install what is missing, build, go on.
 * Plain JavaScript, since nothing is installed or built when it runs.
 *
 * A run may be going on in this clone: what is up to date is left alone, and one process at a time changes the rest.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const ENTRY = join('harness', 'cli', 'main.js');
/** What `dist` and `node_modules` were made from, as hashes. */
const stamps = {
  install: join(root, 'node_modules', '.migbench-lock'),
  build: join(dist, '.migbench-sources'),
};
const [mode, ...rest] = process.argv.slice(2);

const MINIMUM_NODE = [20, 19];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
  fail(`Expected Node ${MINIMUM_NODE.join('.')} or newer, found ${process.versions.node}.`);
}
if (process.platform !== 'linux') fail(`Expected Linux, found ${process.platform}.`);

function fail(message) {
  process.stderr.write(`migbench: ${message}\n`);
  process.exit(3);
}

/** Run a command in the clone with the terminal's own streams; a failure ends this program with its code. */
function step(what, file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error !== undefined) fail(`Could not ${what}: ${result.error.message}`);
  if (result.status !== 0) {
    if (options.stdio !== undefined) {
      process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    }
    process.stderr.write(`migbench: could not ${what} (see above).\n`);
    process.exit(result.status ?? 1);
  }
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A folder of this clone's own cache. */
function ownFolder(name) {
  const folder = join(root, '.cache', name);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    fail(`This clone cannot be written (${error.message}). Clone it to a folder of your own.`);
  }
  return folder;
}

/** npm with a home that can be written, and with development packages whatever NODE_ENV says. */
function npmEnvironment() {
  const environment = { ...process.env };
  const home = environment['HOME'];
  if (home === undefined || home === '/' || !isWritable(home)) {
    environment['HOME'] = ownFolder('home');
  }
  delete environment['NODE_ENV'];
  return environment;
}

/** SHA-256 of files and of all files in folders, names included. */
function hashOf(...paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const at = join(root, path);
    const names = statSync(at).isDirectory()
      ? readdirSync(at, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [at];
    for (const name of names) {
      const content = readFileSync(name);
      hash.update(`${name.slice(root.length)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

const lockHash = () => hashOf('package-lock.json');
const sourcesHash = () =>
  hashOf(
    ...['harness', 'workloads', 'reports'],
    ...['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
  );

/** With the build's own time: a compiler that wrote to `dist` by another way leaves no stamp. */
const buildStamp = (sources, folder) =>
  `${sources} ${statSync(join(folder, ENTRY), { throwIfNoEntry: false })?.mtimeMs}`;

function hasStamp(stamp, expected) {
  try {
    return readFileSync(stamp, 'utf8') === expected;
  } catch {
    return false;
  }
}

function install() {
  const lock = lockHash();
  if (hasStamp(stamps.install, lock)) return;
  process.stderr.write('migbench: installing packages …\n');
  step('install packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    env: npmEnvironment(),
    stdio: 'pipe',
    encoding: 'utf8',
  });
  writeFileSync(stamps.install, lock);
}

/** Keep the parser's own help beside the program, which answers `--help` from it (harness/cli/quick-answer.ts). */
function keepHelp(built) {
  const options = { cwd: root, encoding: 'utf8' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [built, '--help'], options);
  if (status !== 0) fail(`The program that was built does not start:\n${stderr}`);
  writeFileSync(join(dirname(built), 'help.txt'), stdout);
}

/** Build beside `dist`, and swap: a run that is going on finds its files, or newer ones, but never none. */
function build() {
  const sources = sourcesHash();
  if (hasStamp(stamps.build, buildStamp(sources, dist))) return;
  // As deep as dist is, since source maps are relative.
  const fresh = `${dist}.new`;
  const old = `${dist}.old`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(old, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  step('build', process.execPath, [tsc, '--project', 'tsconfig.build.json', '--outDir', fresh]);
  const built = join(fresh, ENTRY);
  if (!existsSync(built)) fail(`The build made no ${built}.`);
  // npm made it executable at install; the build makes it anew.
  chmodSync(built, 0o755);
  keepHelp(built);
  writeFileSync(join(fresh, basename(stamps.build)), buildStamp(sources, fresh));
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

/** Install and build what is not up to date, while no other process of this clone does. */
function prepare() {
  if (
    hasStamp(stamps.install, lockHash()) &&
    hasStamp(stamps.build, buildStamp(sourcesHash(), dist))
  )
    return;
  // The lock is the kernel's: it ends with whoever holds it.
  const lock = join(ownFolder('.'), 'setup.lock');
  const self = fileURLToPath(import.meta.url);
  const result = spawnSync('flock', [lock, process.execPath, self, '--prepare'], {
    stdio: 'inherit',
  });
  if (result.error !== undefined) fail(`Could not run flock: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Go on as another program of this clone, in this very process: a signal sent to one is sent to the other. */
async function handOver(file, args) {
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}

if (mode === '--prepare') {
  install();
  build();
} else if (mode === '--build') {
  build();
} else {
  prepare();
}
if (mode === '--start') {
  process.setSourceMapsEnabled(true);
  await handOver(join(dist, ENTRY), [...['run', join(root, 'plans', 'quickstart.yaml')], ...rest]);
} else if (mode === '--test') {
  process.chdir(root);
  const projects = ['unit', 'replay', 'browser', 'integration'].flatMap((name) => [
    '--project',
    name,
  ]);
  await handOver(join(root, 'node_modules', 'vitest', 'vitest.mjs'), [
    'run',
    ...(rest.includes('--project') ? [] : projects),
    ...rest,
  ]);
}
