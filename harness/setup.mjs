/**
 * `npm start` and `npm test` from a fresh clone, with nothing but Node and npm: install what is missing, build, go on.
 * Plain JavaScript, since nothing is installed or built when it runs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules', '.migbench-lock');
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

/** npm with a home that can be written, and with development packages whatever NODE_ENV says. */
function npmEnvironment() {
  const environment = { ...process.env };
  const home = environment['HOME'];
  if (home === undefined || !existsSync(home)) {
    const own = join(root, '.cache', 'home');
    mkdirSync(own, { recursive: true });
    environment['HOME'] = own;
  }
  delete environment['NODE_ENV'];
  return environment;
}

function install() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('migbench: installing packages …\n');
  step('install packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    env: npmEnvironment(),
    stdio: 'pipe',
    encoding: 'utf8',
  });
  writeFileSync(stamp, lock);
}

function build() {
  const built = join(root, 'dist', 'harness', 'cli', 'main.js');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  step('build', process.execPath, [tsc, '--project', 'tsconfig.build.json']);
  if (!existsSync(built)) fail(`The build made no ${built}.`);
  // npm made it executable at install; the build makes it anew.
  chmodSync(built, 0o755);
}

/** Go on as another program of this clone, in this very process: a signal sent to one is sent to the other. */
async function handOver(file, args) {
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}

install();
build();
if (mode === '--start') {
  process.setSourceMapsEnabled(true);
  await handOver(join(root, 'dist', 'harness', 'cli', 'main.js'), [
    ...['run', join(root, 'plans', 'quickstart.yaml')],
    ...rest,
  ]);
} else if (mode === '--test') {
  process.chdir(root);
  const projects = ['unit', 'replay', 'integration'].flatMap((name) => ['--project', name]);
  await handOver(join(root, 'node_modules', 'vitest', 'vitest.mjs'), [
    'run',
    ...(rest.includes('--project') ? [] : projects),
    ...rest,
  ]);
}
