/** Plans as files: the shipped ones, the JSON Schema beside them, and files that are none. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPlan } from '../../../harness/plan/load.ts';
import { planJsonSchema } from '../../../harness/plan/schema.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { workloads } from './fixtures.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migbench-plan-'));
});
afterAll(() => rm(directory, { recursive: true }));

const failure = (file: string) =>
  loadPlan({ file, workloads }).then(
    () => 'valid',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

test('what is not a plan file is told apart', async () => {
  const file = join(directory, 'plan.yaml');
  expect(await failure(file)).toBe(`${file}: there is no such plan file; check the path`);
  expect(await failure(directory)).toBe(`${directory}: is a directory; name the plan file in it`);
  await writeFile(file, new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff, 0x00]));
  expect(await failure(file)).toBe(`${file}: is not a UTF-8 text file; a plan is written in YAML`);
  await writeFile(file, 'a\0b');
  expect(await failure(file)).toBe(`${file}: is not a UTF-8 text file; a plan is written in YAML`);
  await writeFile(file, 'x'.repeat(1024 * 1024 + 1));
  expect(await failure(file)).toBe(`${file}: is 1048577 bytes long, a plan is at most 1048576`);
});

test.skipIf(process.getuid?.() === 0)('a file that may not be read (skipped as root)', async () => {
  const file = join(directory, 'secret.yaml');
  await writeFile(file, '');
  await chmod(file, 0);
  expect(await failure(file)).toBe(`${file}: may not be read by this user; check its permissions`);
});

test('the checked-in JSON Schema is current (else: migbench schema plan > plans/plan.schema.json)', async () => {
  const text = await readFile(join(packageRoot, 'plans', 'plan.schema.json'), 'utf8');
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(planJsonSchema())));
});

test('a fixture with every key is valid', async () => {
  const file = join(packageRoot, 'test', 'fixtures', 'plans', 'every-key.yaml');
  const { plan, warnings } = await loadPlan({ file, workloads });
  expect(warnings).toEqual([]);
  expect(plan.name).toBe('every-key');
  expect(plan.cells).toHaveLength(7);
});

test('the quickstart has the 24 cells that its comments promise', async () => {
  const file = join(packageRoot, 'plans', 'quickstart.yaml');
  const text = await readFile(file, 'utf8');
  const parameters = {
    content: { kind: 'choice', description: '', default: 'random', choices: ['random', 'zero'] },
  } as const;
  const withContent: typeof workloads = {
    ...workloads,
    byId: (id) => {
      const known = workloads.byId(id);
      return known && { ...known, parameters: { ...known.parameters, ...parameters } };
    },
  };
  const { plan, warnings } = await loadPlan({ file, text, workloads: withContent });
  expect(warnings).toEqual([]);
  expect(plan.cells).toHaveLength(24);
  expect(plan.repetitions).toBe(2);
});
