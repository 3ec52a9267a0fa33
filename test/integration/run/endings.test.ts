/** Runs that end before their time: interrupted, killed, out of space; and what is left of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { expect, test, type TestContext } from 'vitest';
import { findProgram } from '../../../harness/debian/host.ts';
import { systemErrorCode } from '../../../harness/errors.ts';
import { findSandboxKind } from '../../../harness/sandbox/enter.ts';
import { hostProgram, type Program } from '../../../harness/sandbox/process.ts';
import {
  Cli,
  eventually,
  fixturePlan,
  isReceiving,
  measuringProcessOf,
  migbench,
  mountNamespace,
  qemuOf,
  recordsOf,
  skipBecause,
  temporaryFolder,
  visibleOutside,
} from './cli.ts';
import { expectGoodEnd } from './good-end.ts';
import { killAtRandomMoments } from './killing.ts';
import { migrationUnderWay, needsGuests } from './runs.ts';

/** Longest an end may take on a busy host, ms. */
const END_MS = 60_000;

needsGuests();

test('killed at random moments: nothing stays, and every trial is run exactly once in the end', async () => {
  const out = join(await temporaryFolder(), 'run');
  const records = await killAtRandomMoments({
    ...{ plan: fixturePlan('slow-link'), out, kills: 3, seed: 8, repetitions: 2 },
  });
  expect(records.map(({ repetition }) => repetition).sort((a, b) => a - b)).toEqual([1, 2]);
  expect(records.map(({ outcome }) => outcome.kind)).toEqual(['completed', 'completed']);
});

test('a measuring process that is killed (by a host without memory) takes its guests with it', async () => {
  const out = join(await temporaryFolder(), 'run');
  await using cli = await Cli.start(['run', fixturePlan('slow-link'), '--out', out]);
  await eventually('the boot of a guest', () => qemuOf(cli, 'source', 'templates'));
  process.kill(await eventually('the measuring process', () => measuringProcessOf(cli)), 'SIGKILL');
  const ended = await cli.ended(END_MS);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 3 });
  expect(ended.stderr).toContain('The measuring process was killed (SIGKILL)');
  expect(ended.stderr).not.toContain('internal error');
  expect(ended.stderr).toContain('go on with --resume');
  expect(await cli.leftovers()).toEqual([]);
  expect(visibleOutside()).toEqual([]);
});

test('Ctrl-C: ends in good order with 130, keeps its records, and says how to go on', async () => {
  const out = join(await temporaryFolder(), 'run');
  await using cli = await Cli.start(['run', fixturePlan('slow-link'), '--out', out]);
  await eventually('the first record', () => recordsOf(out)[0]);
  await eventually('the next trial', () => qemuOf(cli, 'source'));
  cli.process.kill('SIGINT');
  const ended = await cli.ended(END_MS);
  expect(ended, ended.stderr).toMatchObject({ exitCode: 130 });
  expect(await cli.leftovers()).toEqual([]);
  expect(ended.stderr).toContain(`migbench run --resume ${out}`);
  const records = recordsOf(out);
  expect(records.length).toBeGreaterThanOrEqual(1);
  expect(records.length).toBeLessThan(3);
  for (const { outcome } of records) expect(outcome).toEqual({ kind: 'completed' });
  // What was recorded is reported although the run was interrupted.
  expect(ended.stdout).toContain('idle · precopy');
});

test('a lost terminal, told again and again to every process of the run: ends in good order with 130', async (context) => {
  if (findProgram('script') === undefined) skipBecause(context, 'there is no script (bsdutils)');
  const folder = await temporaryFolder();
  const out = join(folder, 'run');
  const codePath = join(folder, 'code');
  await using cli = await Cli.start(['run', fixturePlan('slow-link'), '--out', out], {
    through: hostProgram('sh', ['-c', ON_A_TERMINAL, codePath]),
    env: { SHELL: '/bin/sh' },
  });
  const guest = () => qemuOf(cli, 'source', 'templates') ?? qemuOf(cli, 'source');
  await eventually('the boot of a guest', guest);
  const group = processGroupOf(await eventually('its process', () => measuringProcessOf(cli)));
  // The terminal's other end.
  cli.process.kill('SIGKILL');
  await cli.process.exited;
  // To its very last moment: a program that is ending is still told.
  const code = () => {
    hangUp(group);
    return existsSync(codePath) ? readFileSync(codePath, 'utf8').trim() || undefined : undefined;
  };
  expect(await eventually('its end', code, END_MS)).toBe('130');
  expect(await cli.leftovers()).toEqual([]);
});

/** Starts a program on a terminal of its own; the shell there outlives that, and keeps the program's exit code. */
const ON_A_TERMINAL =
  'exec script --quiet --command "trap : HUP; $*; echo \\$? > $0" /dev/null < /dev/null';

/** As a terminal does to all who had it; the last of them may have ended by then. */
function hangUp(group: number): void {
  try {
    process.kill(-group, 'SIGHUP');
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

function processGroupOf(pid: number): number {
  // After the name, which may hold anything: state, parent, process group.
  const group = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[2];
  return Number(group);
}

test('a source that is killed from outside fails its own trial only', async (context) => {
  const { mode, notes } = await findSandboxKind(new AbortController().signal);
  // Both QEMUs then share a network, in which no one's port can be known.
  if (mode === 'loopback') skipBecause(context, notes.join(' '));
  const out = join(await temporaryFolder(), 'run');
  await using cli = await Cli.start([
    ...['run', fixturePlan('slow-link'), '--out', out, '--repetitions', '2'],
  ]);
  await migrationUnderWay(cli);
  process.kill(await eventually('the source', () => qemuOf(cli, 'source')), 'SIGKILL');
  const ended = await cli.ended();
  expect(ended, ended.stderr).toMatchObject({ exitCode: 4 });
  expect(await cli.leftovers()).toEqual([]);
  expect(recordsOf(out)).toMatchObject([
    {
      outcome: {
        kind: 'failed',
        reason: 'source-exited',
        detail: expect.stringContaining('was killed by SIGKILL') as unknown,
      },
      expected: false,
    },
    { outcome: { kind: 'completed' }, expected: true },
  ]);
});

test('a destination that ends after the migration (as when its guest panics) is no success', async (context) => {
  const { mode, notes } = await findSandboxKind(new AbortController().signal);
  if (mode === 'loopback') skipBecause(context, notes.join(' '));
  const out = join(await temporaryFolder(), 'run');
  await using cli = await Cli.start([
    ...['run', fixturePlan('slow-link'), '--out', out, '--repetitions', '1'],
    ...['--set', 'windows.settle=5s', '--set', 'windows.settle-limit=5s'],
  ]);
  const destination = await migrationUnderWay(cli);
  await eventually('its end', () => (isReceiving(destination) ? undefined : true));
  // Well within the five seconds in which the guest is watched afterwards, and after migbench has heard of the end.
  await sleep(1_500);
  process.kill(destination, 'SIGKILL');
  const ended = await cli.ended();
  expect(ended, ended.stderr).toMatchObject({ exitCode: 4 });
  const detail = 'The destination QEMU was killed by SIGKILL after the migration';
  expect(recordsOf(out)).toMatchObject([
    {
      outcome: {
        kind: 'failed',
        reason: 'destination-exited',
        detail: expect.stringContaining(detail) as unknown,
      },
    },
  ]);
});

/** Starts a program with a small file system over `folder`, in a mount namespace of its own. */
async function withSmallDisk(context: TestContext, folder: string, size: string): Promise<Program> {
  const namespace = await mountNamespace();
  if (namespace === undefined)
    skipBecause(context, 'nothing can be mounted here, so no disk fills');
  const script = `mount -t tmpfs -o size=${size} small ${folder} && exec "$@"`;
  return { ...namespace, args: [...namespace.args, 'sh', '-c', script, 'sh'] };
}

test.for([
  { when: 'at once', size: '8k', code: 3, words: /Could not write .*no space is left/u },
  {
    ...{ when: 'at the first saved guest', size: '40m', code: 3 },
    words: /The disk is full: a saved guest could not be written/u,
  },
])('a disk that is full $when: a clear message, and nothing stays', async (full, context) => {
  const folder = await temporaryFolder();
  const run = await migbench(['run', fixturePlan('slow-link'), '--out', join(folder, 'run')], {
    through: await withSmallDisk(context, folder, full.size),
  });
  expect(run.exitCode, run.stderr).toBe(full.code);
  expect(run.stderr).toMatch(full.words);
  expect(run.stderr).not.toContain('defect');
  expect(run.leftovers).toEqual([]);
  expect(visibleOutside()).toEqual([]);
});

test('a disk that fills up during a trial: a clear message, and nothing stays', async (context) => {
  const folder = await temporaryFolder();
  await using cli = await Cli.start(
    ['run', fixturePlan('slow-link'), '--out', join(folder, 'run')],
    { through: await withSmallDisk(context, folder, '96m') },
  );
  const source = await eventually('a trial', () => qemuOf(cli, 'source'));
  // The file system is visible to those in its mount namespace only.
  fill(`/proc/${source}/root${folder}/filler`);
  const ended = await cli.ended();
  expect([2, 3], ended.stderr).toContain(ended.exitCode);
  expect(ended.stderr).toMatch(/ENOSPC|no space is left|disk is full/u);
  expect(ended.stderr).not.toContain('defect');
  expect(await cli.leftovers()).toEqual([]);
});

/** Write to a file until its file system is full. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

test('an ordinary user: completes, and post-copy that the host forbids is skipped with its remedy', async (context) => {
  if (process.getuid?.() !== 0) {
    skipBecause(context, 'only root can become another user; all other tests ran as this one');
  }
  const namespace = await mountNamespace();
  if (namespace === undefined) skipBecause(context, 'nothing can be mounted here');
  const folder = await temporaryFolder();
  const script = join(folder, 'as-user.sh');
  await writeFile(script, AS_USER);
  const run = await migbench(
    [
      ...['run', fixturePlan('tiny'), '--out', `${folder}/home/run`],
      ...['--only', 'idle/{precopy,postcopy}/**'],
    ],
    { through: { ...namespace, args: [...namespace.args, 'sh', script, folder] } },
  );
  if (run.exitCode === CANNOT) skipBecause(context, run.stderr.trim());
  await expectGoodEnd(run, join(folder, 'home', 'run'));
  const records = recordsOf(join(folder, 'home', 'run'));
  const byName = Object.fromEntries(records.map((record) => [record.labels.setting, record]));
  expect(byName['precopy'], run.stderr).toMatchObject({ outcome: { kind: 'completed' } });
  expect(byName['precopy']?.measurements.pauseMs).toBeGreaterThan(0);
  const postcopy = byName['postcopy']?.outcome;
  expect(['completed', 'skipped'], JSON.stringify(postcopy)).toContain(postcopy?.kind);
  if (postcopy?.kind === 'skipped') expect(postcopy.remedy).toContain('userfaultfd');
});

/** Exit code of the script below where this host does not let the test be made. */
const CANNOT = 77;

/**
 * Become the user nobody, with this user's cache below a layer of that user's own: nothing is copied, nothing of it
 * is written to. In a mount namespace of its own.
 */
const AS_USER = `set -eu
folder=$1; shift
cannot() { echo "$*" >&2; exit ${CANNOT}; }
cache=\${XDG_CACHE_HOME:-$HOME/.cache}/migbench
test -d "$cache/trees" || cannot "the cache is empty: run migbench once"
mkdir "$folder/upper" "$folder/work" "$folder/home" "$folder/home/.cache" "$folder/home/.cache/migbench"
for below in $(cd "$cache" && find . -maxdepth 1 -type d); do mkdir -p "$folder/upper/$below"; done
chown -R 65534:65534 "$folder/upper" "$folder/home"
chmod 755 "$folder"
mount -t overlay -o "lowerdir=$cache,upperdir=$folder/upper,workdir=$folder/work" overlay "$folder/home/.cache/migbench" ||
  cannot "no overlay file system can be mounted here"
unset XDG_CACHE_HOME
export HOME="$folder/home"
become() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
become test -r "$2" || cannot "the user nobody cannot read this clone"
become "$1" --version > /dev/null || cannot "the user nobody cannot start $1"
become unshare --user --map-root-user --mount true || cannot "user namespaces are forbidden to ordinary users here"
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
`;
