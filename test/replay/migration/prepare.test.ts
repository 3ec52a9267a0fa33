/** Getting cells ready, with builds that are small programs: what one build lacks costs its own cells alone. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MigbenchError } from '../../../harness/errors.ts';
import type { CampaignOptions } from '../../../harness/migration/campaign.ts';
import { Preparation, type Prepared } from '../../../harness/migration/prepare.ts';
import type { Cell, CellSpec } from '../../../harness/plan/types.ts';
import type { QemuBuild } from '../../../harness/qemu/builds/index.ts';
import { machineTypeIn, type MachineType } from '../../../harness/qemu/machine-type.ts';
import { RunningProcess, type StartOptions } from '../../../harness/sandbox/running.ts';
import type { Program } from '../../../harness/sandbox/process.ts';
import { builtInWorkload } from '../../../workloads/registry.ts';
import { cellSpec, plannedTrial } from '../../unit/migration/fixtures.ts';
import { temporaryFolder } from '../../unit/record/temporary.ts';

const EMPTY_QEMU = fileURLToPath(new URL('empty-qemu.mjs', import.meta.url));

const family = (alias: 'pc' | 'q35', prefix: string, ...versions: string[]): MachineType[] =>
  versions.map((version, index) => ({
    name: `${prefix}${version}`,
    ...(index === 0 ? { alias } : {}),
  }));

function build(reference: string, types: readonly MachineType[]): QemuBuild {
  const help = types.map(({ alias }) => `${alias ?? ''} x`).join('\n');
  return {
    ...{ reference, resolvedReference: reference, binary: reference, firmwareArgs: [] },
    ...{ version: '10.1.0', package: '', sha256: reference.padEnd(64, '0') },
    machineType: machineTypeIn(help),
    program: {
      ...{ file: process.execPath, args: [EMPTY_QEMU] },
      env: { MACHINE_TYPES: JSON.stringify(types) },
    },
  };
}

interface Begun {
  readonly bootedBy?: string;
  readonly measuredUnder?: CampaignOptions['measuredUnder'];
}

/** Prepare cells on these builds in a sandbox that boots no guest; what a guest would have been is in `machine`. */
async function prepared(
  builds: readonly QemuBuild[],
  specs: readonly Partial<CellSpec>[],
  { bootedBy, measuredUnder = new Map() }: Begun = {},
): Promise<Prepared[]> {
  const folder = await temporaryFolder();
  const cells = specs.map((spec, index): Cell => {
    const { cell } = plannedTrial({ accelerator: 'tcg', ...spec });
    return { ...cell, id: `${cell.id}${index}` };
  });
  const host = {
    socketPath: (name: string) => join(folder, name),
    start: (program: Program, args: readonly string[], options: StartOptions) => {
      if (args.some((arg) => arg.startsWith('none,')))
        return RunningProcess.start(program, args, options);
      throw new MigbenchError('guest', 'no guest boots here');
    },
  };
  const options = {
    job: {
      ...{ cells, brokenBuilds: {}, image: { key: 'k' }, cacheDirectory: folder },
      builds: Object.fromEntries(builds.map((one) => [one.reference, one])),
      ...(bootedBy === undefined ? {} : { bootedBy }),
    },
    stage: {
      sandbox: {
        ...{ mode: 'namespaces', source: { ...host, guestNetwork: { kind: 'user' } } },
        guestAddressing: { address: '', gateway: '', collectorHost: '' },
      },
      ...{ signal: new AbortController().signal, telemetry: {}, collectorPort: 1 },
      image: { root: '', kernel: '', initrd: '' },
    },
    workloads: new Map([['idle', builtInWorkload('idle')]]),
    writer: { environment: { accelerators: [] }, updateEnvironment: () => Promise.resolve() },
    progress: { live: () => undefined, line: () => undefined },
    measuredUnder,
  } as unknown as CampaignOptions;
  const preparation = new Preparation(options, folder);
  const found: Prepared[] = [];
  for (const cell of await preparation.cells()) found.push(await preparation.prepare(cell));
  return found;
}

const on = (source: string, destination = source, machine?: string): Partial<CellSpec> => ({
  qemu: { source, destination },
  ...(machine === undefined ? {} : { guest: { ...cellSpec().guest, machine } }),
});

const old = build('path:/old', family('pc', 'pc-i440fx-', '10.0', '4.2'));
const newer = build('path:/new', family('pc', 'pc-i440fx-', '11.1', '10.0'));
const rhel = build('path:/rhel', family('q35', 'pc-q35-rhel', '10.0.0', '9.6.0'));
const both = build('path:/both', [
  ...family('pc', 'pc-i440fx-', '10.0'),
  ...family('q35', 'pc-q35-rhel', '9.6.0'),
]);

test('a machine type that one build lacks costs the cells of that build, whichever comes first', async () => {
  const cells = [on(newer.reference, undefined, 'pc-i440fx-4.2'), on(old.reference)];
  for (const specs of [cells, cells.toReversed()]) {
    const outcomes = await prepared([old, newer], specs);
    const skipped = outcomes[specs.indexOf(cells[0]!)];
    expect(skipped).toMatchObject({
      outcome: { kind: 'skipped', reason: 'not-supported' },
    });
    expect(outcomes.find((one) => one !== skipped)?.machine?.machineType).toBe('pc-i440fx-10.0');
  }
});

test('a plan that names no machine runs on a QEMU that has only q35', async () => {
  const found = await prepared(
    [rhel, both],
    [on(rhel.reference), on(both.reference, rhel.reference), on(both.reference)],
  );
  expect(found.map(({ machine }) => machine?.machineType)).toEqual([
    'pc-q35-rhel10.0.0',
    'pc-q35-rhel9.6.0',
    'pc-i440fx-10.0',
  ]);
});

test('where one build boots the guests of all, the machine is the same for every cell', async () => {
  const specs = [on(rhel.reference), on(both.reference)];
  const found = await prepared([rhel, both], specs, { bootedBy: both.reference });
  expect(found.map(({ machine }) => machine?.machineType)).toEqual([
    'pc-q35-rhel9.6.0',
    'pc-q35-rhel9.6.0',
  ]);
});

test('a run that began under KVM does not go on under TCG', async () => {
  const measuredUnder = new Map([[old.reference, new Set(['kvm' as const])]]);
  await expect(prepared([old], [on(old.reference)], { measuredUnder })).rejects.toThrow(
    expect.objectContaining({ code: 'record' }),
  );
  const [other] = await prepared([newer], [on(newer.reference)], { measuredUnder });
  expect(other?.machine?.accelerator).toBe('tcg');
});
