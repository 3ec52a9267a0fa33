/** A user's own workload in a plan: known by its content, and its functions believed only after they were called. */
import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPlanFile } from '../../../harness/cli/load-plan-file.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { planHash } from '../../../harness/plan/canonical.ts';
import { folderDigest } from '../../../harness/plan/folder-digest.ts';
import { workloadFaults } from '../../../harness/plan/check-workload.ts';
import { builtInWorkload } from '../../../workloads/registry.ts';
import { temporaryFolder } from '../record/temporary.ts';

const PLAN = `name: own
guest: { memory: 384MiB }
workloads: [{ path: ./counter }]
links: [{ bandwidth: 1Gbit/s }]
settings: { precopy: {} }
`;

/** A plan beside a copy of the counter workload. */
async function clone(): Promise<{ plan: string; folder: string }> {
  const root = await temporaryFolder();
  const folder = join(root, 'counter');
  await cp(join(packageRoot, 'test', 'fixtures', 'workloads', 'counter'), folder, {
    recursive: true,
  });
  await writeFile(join(root, 'plan.yaml'), PLAN);
  return { plan: join(root, 'plan.yaml'), folder };
}

const load = (file: string) => loadPlanFile({ file, overrides: [] });

describe('a cell is known by what its workload is', () => {
  test('not by where it is: another clone has the same ids', async () => {
    const [one, other] = [await load((await clone()).plan), await load((await clone()).plan)];
    expect(one.plan.cells[0]?.spec.workload.path).not.toBe(other.plan.cells[0]?.spec.workload.path);
    expect(one.plan.cells[0]?.id).toBe(other.plan.cells[0]?.id);
    expect(planHash(one.plan)).toBe(planHash(other.plan));
  });

  test('an edited source makes another cell', async () => {
    const { plan, folder } = await clone();
    const before = (await load(plan)).plan.cells[0]?.id;
    await writeFile(join(folder, 'counter.c'), 'int main(void) { return 1; }\n');
    expect((await load(plan)).plan.cells[0]?.id).not.toBe(before);
  });

  test('names and folders count; hidden files and installed packages do not', async () => {
    const { folder } = await clone();
    const before = await folderDigest(folder);
    for (const name of ['.git', 'node_modules']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'x'), 'x');
    }
    expect(await folderDigest(folder)).toBe(before);
    await mkdir(join(folder, 'sub'));
    await rename(join(folder, 'greeting.txt'), join(folder, 'sub', 'greeting.txt'));
    expect(await folderDigest(folder)).not.toBe(before);
  });
});

describe('what its functions return is checked before anything starts', () => {
  const idle = builtInWorkload('idle')!.definition;
  const faults = (overrides: object) => workloadFaults({ ...idle, ...overrides }, {});

  test.each<[object, string]>([
    [{ loop: () => 'ajar' }, 'loop() must give open, closed or none; it gave ajar'],
    [
      { minimumGuestMemoryBytes: () => Number.NaN },
      'minimumGuestMemoryBytes() must give a number of bytes; it gave NaN',
    ],
    [
      { disk: () => ({ sizeBytes: 1.5 }) },
      'disk() must give undefined or { sizeBytes: a whole number of bytes }; it gave {"sizeBytes":1.5}',
    ],
    [
      { command: () => '/usr/bin/true' },
      'command() must give undefined or a list of words that begins with a program; it gave /usr/bin/true',
    ],
    [
      { command: () => [] },
      'command() must give undefined or a list of words that begins with a program; it gave []',
    ],
    [
      {
        command: () => {
          throw new TypeError('no such parameter');
        },
      },
      'command() failed: no such parameter',
    ],
  ])('%o', (overrides, sentence) => {
    expect(faults(overrides)).toEqual([sentence]);
  });

  test('a command that the guest could not be told', () => {
    expect(faults({ command: () => ['/bin/x', 'y'.repeat(1400)] })).toEqual([
      expect.stringMatching(
        /^command\(\) failed: The command "start" for the guest needs 14\d\d bytes/u,
      ),
    ]);
    expect(faults({ command: () => ['/bin/x', 'y'.repeat(1300)] })).toEqual([]);
  });

  test('the plan is refused, naming the file', async () => {
    const { plan, folder } = await clone();
    await writeFile(
      join(folder, 'workload.js'),
      `export const workload = { ...${JSON.stringify({ ...idle, id: 'mine' })},
        loop: () => 'none', minimumGuestMemoryBytes: () => '64MiB', command: () => { throw new Error('oh'); } };`,
    );
    await expect(load(plan)).rejects.toMatchObject({
      code: 'plan-invalid',
      message: expect.stringMatching(
        /plan\.yaml:3:13: .*workload\.js: minimumGuestMemoryBytes\(\)[^]*workload\.js: command\(\) failed: oh/u,
      ) as unknown,
    });
  });
});
