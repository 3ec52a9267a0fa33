/** `npm start` in a clone where a run may be going on: with a compiler that takes its time and says when it was called. */
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../harness/paths.ts';
import { hostProgram, run } from '../../harness/sandbox/process.ts';

const COMPILER = `
const { appendFileSync, existsSync, mkdirSync, writeFileSync } = require('node:fs');
const out = process.argv[process.argv.indexOf('--outDir') + 1];
appendFileSync('calls', existsSync('dist') ? 'dist there\\n' : 'no dist\\n');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
mkdirSync(out + '/harness/cli', { recursive: true });
writeFileSync(out + '/harness/cli/main.js', 'process.stdout.write("started " + process.argv.slice(2))');
`;

let clone = '';
beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'migbench-setup-'));
  for (const folder of ['harness', 'workloads', 'reports', 'node_modules/typescript/bin']) {
    await mkdir(join(clone, folder), { recursive: true });
  }
  await copyFile(join(packageRoot, 'harness', 'setup.mjs'), join(clone, 'harness', 'setup.mjs'));
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) {
    await writeFile(join(clone, name), '{}');
  }
  await writeFile(join(clone, 'node_modules', 'typescript', 'bin', 'tsc'), COMPILER);
  const lock = createHash('sha256').update('/package-lock.json\u00002\u0000{}').digest('hex');
  await writeFile(join(clone, 'node_modules', '.migbench-lock'), lock);
});
afterEach(async () => {
  await rm(clone, { recursive: true, force: true });
});

const start = () =>
  run(hostProgram(process.execPath), [join(clone, 'harness', 'setup.mjs'), '--start', '--quiet'], {
    timeoutMs: 20_000,
    cwd: clone,
  });
const calls = async () => (await readFile(join(clone, 'calls'), 'utf8')).trim().split('\n');

test('builds what changed, and only that, while the old build stays where it is', async () => {
  expect((await start()).stdout).toMatch(/^started run,.*quickstart\.yaml,--quiet$/u);
  const { ino, mode } = await stat(join(clone, 'dist', 'harness', 'cli', 'main.js'));
  expect(mode & 0o777).toBe(0o755);
  await start();
  expect((await stat(join(clone, 'dist', 'harness', 'cli', 'main.js'))).ino).toBe(ino);
  expect(await calls()).toEqual(['no dist']);
  await writeFile(join(clone, 'workloads', 'new.ts'), '');
  await start();
  expect(await calls()).toEqual(['no dist', 'dist there']);
  await writeFile(join(clone, 'dist', 'harness', 'cli', 'main.js'), 'throw new Error("other");');
  await start();
  expect(await calls()).toHaveLength(3);
  expect((await readdir(clone)).filter((name) => name.startsWith('dist'))).toEqual(['dist']);
});

test('two at once build once', async () => {
  const outputs = await Promise.all([start(), start(), start()]);
  for (const { stdout } of outputs) expect(stdout).toMatch(/^started run/u);
  expect(await calls()).toEqual(['no dist']);
});

test('a build that fails leaves the old one alone', async () => {
  await start();
  const tsc = join(clone, 'node_modules', 'typescript', 'bin', 'tsc');
  await writeFile(tsc, 'process.exit(2)');
  await writeFile(join(clone, 'reports', 'broken.ts'), '');
  await expect(start()).rejects.toThrow(/could not build/u);
  await stat(join(clone, 'dist', 'harness', 'cli', 'main.js'));
});
