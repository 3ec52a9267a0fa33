/** The verdict on KVM: what is probed, and what is remembered of it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  bootLimitMs,
  firstCpuThatBoots,
  probeRecipe,
  rememberedChoice,
  type Verdict,
} from '../../../harness/qemu/accelerator.ts';
import { builtInWorkloads } from '../../../workloads/registry.ts';
import { temporaryFolder } from '../record/temporary.ts';

const [idle] = builtInWorkloads;
const refused: Verdict = { choice: { chosen: 'tcg', reason: 'QEMU says: no MSR' }, isFinal: true };

test('the probe boots a small guest, whatever the plan’s is', () => {
  const build = {
    ...{ reference: 'system', resolvedReference: 'path:/q', binary: '/q', firmwareArgs: [] },
    ...{ version: '10.0.0', package: '', sha256: 'ab', program: { file: '/q', args: [] } },
    machineType: 'pc' as const,
  };
  const planned = {
    build,
    machineType: 'pc-q35-9.0',
    shape: { memoryBytes: 2 ** 36, vcpus: 64, backend: 'hugepages' as const, machine: 'q35' },
    imageKey: 'k',
    workload: idle!.definition,
    parameters: {},
  };
  expect(probeRecipe(planned)).toMatchObject({
    build,
    machineType: 'pc',
    accelerator: 'kvm',
    cpu: 'host',
  });
  expect(probeRecipe({ ...planned, build: { ...build, machineType: 'q35' } }).machineType).toBe(
    'q35',
  );
  expect(probeRecipe(planned).shape).toEqual({
    memoryBytes: 256 * 2 ** 20,
    vcpus: 1,
    backend: 'ram',
  });
});

test('a final verdict is remembered, in QEMU’s words and with the way to forget it', async () => {
  const path = join(await temporaryFolder(), 'accelerators', 'x.json');
  let probes = 0;
  const probe = async (): Promise<Verdict> => {
    probes += 1;
    return refused;
  };
  const expected = {
    chosen: 'tcg',
    reason: `QEMU says: no MSR (remembered until this host boots again; to try again, delete ${path})`,
  };
  expect(await rememberedChoice(path, probe)).toEqual(expected);
  expect(await rememberedChoice(path, probe)).toEqual(expected);
  expect(probes).toBe(1);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(refused.choice);
});

test('a cache that cannot be written: the verdict counts, and no file is named that is not there', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  const path = join(file, 'accelerators', 'x.json');
  expect(await rememberedChoice(path, async () => refused)).toEqual(refused.choice);
});

test('what says nothing of KVM is not remembered; a damaged file is no answer', async () => {
  const path = join(await temporaryFolder(), 'x.json');
  const passing: Verdict = { choice: { chosen: 'tcg', reason: 'slow' }, isFinal: false };
  expect(await rememberedChoice(path, async () => passing)).toEqual(passing.choice);
  await expect(readFile(path)).rejects.toThrow(/ENOENT/u);
  await writeFile(path, '{"chosen":');
  const works: Verdict = { choice: { chosen: 'kvm' }, isFinal: true };
  expect(await rememberedChoice(path, async () => works)).toEqual({ chosen: 'kvm' });
});

const kvm: Verdict = { choice: { chosen: 'kvm' }, isFinal: true };
const against = (reason: string): Verdict => ({
  choice: { chosen: 'tcg', reason },
  isFinal: true,
});

test.each([
  ['a host that is well', [kvm], kvm.choice],
  ['a refusal that no other CPU model mends', [refused], refused.choice],
  [
    'a host that refuses MSR 0x10a',
    [against('QEMU says: error: failed to set MSR 0x10a to 0xc000069'), kvm],
    { chosen: 'kvm', cpu: 'host,arch-capabilities=off' },
  ],
  [
    'a host that is not well without it either',
    [against('failed to set MSR 0x10a to 0x1'), against('silent')],
    {
      chosen: 'tcg',
      reason: 'failed to set MSR 0x10a to 0x1 With -cpu host,arch-capabilities=off: silent',
    },
  ],
])('the CPU model under KVM: %s', async (_, verdicts, expected) => {
  const cpus: string[] = [];
  const { choice } = await firstCpuThatBoots(async (cpu) => {
    cpus.push(cpu);
    return verdicts[cpus.length - 1]!;
  });
  expect(choice).toEqual(expected);
  expect(cpus).toEqual(['host', 'host,arch-capabilities=off'].slice(0, verdicts.length));
});

test('on a host that is emulated itself a guest may take longer to come up', () => {
  expect(bootLimitMs('QEMU TCG CPU version 2.5+')).toBe(120_000);
  expect(bootLimitMs('AMD EPYC')).toBe(15_000);
  expect(bootLimitMs('')).toBe(15_000);
});
