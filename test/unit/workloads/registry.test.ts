/** The built-in workloads keep their own contract; a user's folder is checked before it is believed. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import { builtInWorkload, builtInWorkloads, loadWorkload } from '../../../workloads/registry.ts';
import type { ParameterValues, WorkloadDefinition } from '../../../workloads/types.ts';

function defaults({ parameters }: WorkloadDefinition): ParameterValues {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [name, parameter.default]),
  );
}

describe.each(builtInWorkloads)('$definition.id', ({ definition, folder }) => {
  it('has its guest files', () => {
    const { programs = [], files = [] } = definition.guest;
    const sources = [
      ...programs.flatMap((program) => program.sources),
      ...files.map((file) => file.source),
    ];
    for (const source of sources) expect(existsSync(join(folder, source)), source).toBe(true);
  });

  it('has defaults within their own limits', () => {
    for (const [name, parameter] of Object.entries(definition.parameters)) {
      const { minimum = -Infinity, maximum = Infinity, choices, default: value } = parameter;
      if (choices !== undefined) expect(choices, name).toContain(value);
      else if (value === 'unlimited') expect(parameter.unlimited, name).toBe(true);
      else {
        expect(value, name).toBeGreaterThanOrEqual(minimum);
        expect(value, name).toBeLessThanOrEqual(maximum);
      }
    }
  });

  it('gives a gate exactly where there is a load', () => {
    const values = defaults(definition);
    expect(definition.gate === undefined).toBe(definition.loop(values) === 'none');
    expect(definition.command(values) === undefined).toBe(definition.loop(values) === 'none');
    expect(definition.minimumGuestMemoryBytes(values)).toBeGreaterThan(0);
  });
});

describe('parameters', () => {
  it('reach the program in its own order and units', () => {
    const { definition } = builtInWorkload('memory-stress') ?? {};
    const values = { ...defaults(definition!), 'dirty-rate': 'unlimited', threads: 2 };
    expect(definition?.command(values)).toEqual([
      '/usr/lib/migbench/memory-stress',
      ...['67108864', 'unlimited', 'random', '4096', 'random', '2', 'open'],
    ]);
    expect(definition?.loop(values)).toBe('closed');
    expect(definition?.loop(defaults(definition))).toBe('open');
  });

  it('decide on disk and loop of the database', () => {
    const { definition } = builtInWorkload('database') ?? {};
    const values = defaults(definition!);
    expect(definition?.disk?.(values)).toBeUndefined();
    expect(definition?.disk?.({ ...values, data: 'disk' })?.sizeBytes).toBeGreaterThan(2 ** 29);
    expect(definition?.loop(values)).toBe('closed');
    expect(definition?.loop({ ...values, rate: 50 })).toBe('open');
  });
});

describe('loadWorkload', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migbench-workload-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("loads a user's folder", async () => {
    const counter = join(packageRoot, 'test/fixtures/workloads/counter');
    const loaded = await loadWorkload(counter);
    expect(loaded.folder).toBe(counter);
    expect(loaded.definition.command({ rate: 5 })).toEqual(['/usr/lib/migbench/counter', '5']);
  });

  it('says what is missing', async () => {
    await expect(loadWorkload(folder)).rejects.toMatchObject({
      code: 'plan-invalid',
      message: expect.stringContaining('no workload.js'),
    });
  });

  it('says what does not load', async () => {
    await writeFile(join(folder, 'workload.js'), 'throw new Error("broken");');
    await expect(loadWorkload(folder)).rejects.toMatchObject({
      code: 'plan-invalid',
      message: expect.stringContaining('broken'),
    });
  });

  it('names every wrong field', async () => {
    const text = `export const workload = { id: 'Not Kebab', guest: { programs: [{ sources: ['../x.c'], target: 'relative' }] } };`;
    await writeFile(join(folder, 'workload.js'), text);
    const message = await loadWorkload(folder).catch((error: Error) => error.message);
    for (const field of [
      'workload.id',
      'guest.programs.0.sources.0',
      'guest.programs.0.target',
      'workload.command',
      'workload.verifies',
    ]) {
      expect(message).toContain(field);
    }
  });

  it('takes a service of one of the protocols, and names what is wrong with any other', async () => {
    const counter = join(packageRoot, 'test/fixtures/workloads/counter/workload.js');
    const withService = async (name: string, service: unknown) => {
      const own = join(folder, name);
      await mkdir(own);
      const text = `import { workload as it } from ${JSON.stringify(counter)}; export const workload = { ...it, service: ${JSON.stringify(service)} };`;
      await writeFile(join(own, 'workload.js'), text);
      return loadWorkload(own);
    };
    const service = { protocol: 'line', port: 7000, request: 'get {n}' };
    expect((await withService('good', service)).definition.service).toEqual(service);
    const bad = [
      [{ ...service, protocol: 'http' }, 'workload.service.protocol'],
      [{ ...service, port: 70_000 }, 'workload.service.port'],
      [{ ...service, request: 'two\nlines' }, 'workload.service.request: must be one line'],
      [{ protocol: 'postgresql', port: 1, user: 'a', database: 'b' }, 'workload.service.statement'],
    ] as const;
    for (const [index, [wrong, words]] of bad.entries()) {
      await expect(withService(`bad-${index}`, wrong)).rejects.toThrow(words);
    }
  });

  it('keeps the names of the built-in workloads', async () => {
    const counter = join(packageRoot, 'test/fixtures/workloads/counter/workload.js');
    const text = `import { workload as it } from ${JSON.stringify(counter)}; export const workload = { ...it, id: 'idle' };`;
    await writeFile(join(folder, 'workload.js'), text);
    await expect(loadWorkload(folder)).rejects.toThrow('built-in');
  });
});
