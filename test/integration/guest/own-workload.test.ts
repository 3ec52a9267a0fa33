/** A user's own program in the guest image: what is wrong with it is said as theirs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildImage } from '../../../harness/guest/image.ts';
import { builtInWorkload } from '../../../workloads/registry.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migbench-own-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('does not compile, or is not there', async () => {
  const idle = builtInWorkload('idle')!.definition;
  const programs = [{ sources: ['own.c'], target: '/usr/lib/migbench/own' }];
  const build = () =>
    buildImage({
      workloads: [{ definition: { ...idle, id: 'own', guest: { programs } }, folder }],
    });
  await expect(build()).rejects.toMatchObject({
    code: 'plan-invalid',
    message: expect.stringMatching(
      /Cannot read a file that a workload names: .*own\.c/u,
    ) as unknown,
  });
  await writeFile(join(folder, 'own.c'), 'int main(void) { return oops; }\n');
  await expect(build()).rejects.toMatchObject({
    code: 'plan-invalid',
    message: expect.stringMatching(/own\.c:1:25: error: .oops. undeclared/u) as unknown,
  });
});
