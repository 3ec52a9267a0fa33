/** The commands that need no QEMU, through the built program. */
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { packageRoot } from '../../../harness/paths.ts';
import { CommandLine, PLAN } from './command-line.ts';

const line = new CommandLine();
afterAll(() => line[Symbol.dispose]());
line.file('plan.yaml', PLAN);

/** Standard output of a command that must succeed without a word on standard error. */
const output = (...args: string[]): Promise<string> => outputOn(line, ...args);

async function outputOn(on: CommandLine, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await on.migbench(...args);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  return stdout;
}

describe.concurrent('prints', () => {
  test('its version', async () => {
    expect(await output('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [],
    ...['run', 'report', 'compare', 'plan', 'doctor', 'qemu', 'cache', 'workloads', 'schema'].map(
      (name) => [name],
    ),
  ])('help with examples: %s', async (...command) => {
    const help = await output(...command, '--help');
    expect(help).toContain('Examples:');
    expect(help).toContain('migbench');
  });

  test('the same help from what the build kept as from the parser', async () => {
    const kept = join(packageRoot, 'dist', 'harness', 'cli', 'help.txt');
    const parsed = await output('--help', '--quiet');
    expect(readFileSync(kept, 'utf8')).toBe(parsed);
    expect(await output('--help')).toBe(parsed);
    expect(await output('-h')).toBe(parsed);
    const { exitCode, stdout, stderr } = await line.migbench();
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 2, stdout: '', stderr: parsed });
  });

  test('a plan', async () => {
    const text = await output('plan', 'plan.yaml');
    expect(text).toMatch(/^cell +expect +estimate\nidle\/precopy\/1Gbit\/\S+~[0-9a-f]{8} +any +~/);
    expect(text).toMatch(/1 cell × 2 repetitions = 2 trials/);
  });

  test('a plan as JSON', async () => {
    const text = await output('plan', 'plan.yaml', '--json', '--set', 'repetitions=3');
    expect(JSON.parse(text)).toMatchObject({
      name: 'plan',
      trials: 3,
      dimensions: { workloads: ['idle'], settings: ['precopy'], links: ['1Gbit'] },
      cells: [{ labels: { workload: 'idle' }, spec: { transport: 'tcp' } }],
    });
  });

  test('the command lines of a plan, without a download', async () => {
    const text = await output(
      'plan',
      'plan.yaml',
      '--commands',
      '--set',
      'qemu=["debian:bullseye"]',
    );
    expect(text).toContain("'<debian:bullseye>/qemu-system-x86_64' -name migbench-source");
    expect(text).toContain('-incoming defer');
    expect(existsSync(join(line.folder, 'cache', 'migbench', 'trees'))).toBe(false);
  });

  test('the trials of a run that is not run', async () => {
    const { exitCode, stdout, stderr } = await line.migbench('run', 'plan.yaml', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stderr).toMatch(/^2 trials of 1 cells?, about /);
  });

  test('the trials of a comparison of two builds that is not run', async () => {
    const builds = ['--base', 'debian:bookworm', '--candidate', 'debian:trixie'];
    const ended = await line.migbench('regress', ...builds, '--plan', 'plan.yaml', '--dry-run');
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.stdout.trim().split('\n')).toHaveLength(4);
    expect(ended.stderr).toMatch(/^4 trials of 2 cells, about /);
  });

  test('workloads', async () => {
    expect(await output('workloads')).toMatch(/^memory-stress +pages +open/m);
    const page = await output('workloads', 'memory-stress');
    expect(page).toMatch(/^ {2}working-set: 64MiB {2}\(from 1MiB to 1TiB\)$/m);
    expect(page).toMatch(/^ {2}dirty-rate: 20MiB\/s {2}\(from 4KiB\/s or unlimited\)$/m);
    const list = z
      .array(z.object({ id: z.string() }))
      .parse(JSON.parse(await output('workloads', '--json')));
    expect(list.map(({ id }) => id)).toContain('database');
  });

  test("a workload of one's own", async () => {
    const folder = join(packageRoot, 'test', 'fixtures', 'workloads', 'counter');
    expect(await output('workloads', folder)).toContain('counter');
  });

  test.each(['plan', 'record'])('the schema of a %s', async (format) => {
    expect(JSON.parse(await output('schema', format))).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
    });
  });

  test('what is in an empty cache', async () => {
    // Commands beside this one write facts about the host's own QEMU into their cache.
    using own = new CommandLine();
    expect(JSON.parse(await outputOn(own, 'cache', 'list', '--json'))).toMatchObject({
      entries: [],
    });
    expect(await outputOn(own, 'cache', 'prune')).toBe('Freed 0 B (0 items).\n');
    expect(JSON.parse(await outputOn(own, 'qemu', 'list', '--json'))).toBeInstanceOf(Array);
  });

  test('a completion script, and what it asks for', async () => {
    expect(await output('completion')).toContain('complete -o bashdefault -o default');
    const asked = await line.migbench('--get-yargs-completions', 'migbench', 'run', '--re');
    expect(asked.stdout.split('\n')).toContain('--repetitions');
  });

  test('what this host can do', async () => {
    const { exitCode, stdout } = await line.migbench('doctor', '--json');
    const finding = z.object({
      level: z.enum(['ok', 'warn', 'bad']),
      name: z.string(),
      found: z.string().min(1),
      remedy: z.string().optional(),
    });
    const { level, findings } = z
      .object({ level: finding.shape.level, findings: z.array(finding) })
      .parse(JSON.parse(stdout));
    expect(exitCode).toBe(level === 'bad' ? 3 : 0);
    expect(findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'namespaces', 'post-copy', 'kvm', 'cache', 'mirror', 'qemu']),
    );
    for (const { level: grade, name, remedy } of findings) {
      expect(remedy === undefined, name).toBe(grade === 'ok');
    }
  });
});

test('report rewrites the report of a run and says where it is', async () => {
  cpSync(join(packageRoot, 'test', 'fixtures', 'runs', 'every-outcome'), join(line.folder, 'run'), {
    recursive: true,
  });
  const text = await output('report', 'run', '--format', 'csv,md');
  expect(text).toMatch(/^every-outcome: 17 of 24 trials completed/);
  expect(text).toContain('  run/report/trials.csv\n');
  expect(existsSync(join(line.folder, 'run', 'report', 'report.md'))).toBe(true);
  expect(existsSync(join(line.folder, 'run', 'report', 'index.html'))).toBe(false);
  const json = z
    .object({ files: z.array(z.string()), records: z.array(z.unknown()) })
    .parse(JSON.parse(await output('report', 'run', '--json')));
  expect(json.records).toHaveLength(24);
  expect(json.files).toContain('run/report/index.html');
});

test('report --open starts the desktop’s browser, and says where there is none', async () => {
  cpSync(join(packageRoot, 'test', 'fixtures', 'runs', 'every-outcome'), join(line.folder, 'run'), {
    recursive: true,
  });
  // What a desktop and a machine without one have by this name.
  const opener = join(line.folder, 'xdg-open');
  vi.stubEnv('PATH', `${line.folder}:${process.env['PATH'] ?? ''}`);
  const open = async (script: string) => {
    writeFileSync(opener, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return line.migbench('report', 'run', '--format', 'html', '--open');
  };
  expect(await open('echo "$1" >opened')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(readFileSync(join(line.folder, 'opened'), 'utf8').trim()).toBe('run/report/index.html');
  const refused = await open('echo "no display" >&2; exit 3');
  expect(refused.exitCode).toBe(0);
  expect(refused.stderr).toContain('(xdg-open: 3); open run/report/index.html yourself.');
});

test('report --gate of a run without thresholds is refused before anything is written', async () => {
  const run = join(line.folder, 'ungated');
  cpSync(join(packageRoot, 'test', 'fixtures', 'runs', 'every-outcome'), run, { recursive: true });
  const path = join(run, 'plan.resolved.json');
  const plan = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(path, JSON.stringify({ ...plan, thresholds: [] }));
  const ended = await line.migbench('report', 'ungated', '--gate');
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain('--gate: the plan of ungated has no thresholds. Name one,');
  expect(existsSync(join(run, 'report'))).toBe(false);
});

test('a reader that has seen enough is no error', async () => {
  const many = Array.from({ length: 1500 }, (_, index) => `{ bandwidth: ${index + 1}Mbit/s }`);
  line.file('many.yaml', PLAN.replace('{ bandwidth: 1Gbit/s }', many.join(', ')));
  const program = line.start('plan', 'many.yaml', '--json');
  program.stdout.once('data', () => program.stdout.destroy());
  let words = '';
  program.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [exitCode] = (await once(program, 'close')) as [number];
  expect(words).toBe('');
  expect(exitCode).toBe(0);
});
