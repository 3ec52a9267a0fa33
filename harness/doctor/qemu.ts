/** QEMU: the host's own, those in the cache, and with --probe whether one really runs here. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { MigbenchError, messageOf } from '../errors.ts';
import { EMBEDDED_BUILD, listBuilds, type QemuBuild } from '../qemu/builds/index.ts';
import { findSystemQemu } from '../qemu/builds/resolve-build.ts';
import type { SandboxKind } from '../sandbox/enter.ts';
import { run } from '../sandbox/process.ts';
import { bootSector, BOOT_SECTOR_TEXT } from './boot-sector.ts';
import { ok, warn, type Finding } from './finding.ts';
import { inside } from './sandbox.ts';

const BOOT_TIMEOUT_MS = 20_000;
const ASK_TIMEOUT_MS = 10_000;

/** Without a download. */
export async function checkQemu(signal: AbortSignal): Promise<Finding[]> {
  const builds = await listBuilds({ signal });
  const system = builds.find(({ reference }) => reference === 'system');
  const cached = builds
    .filter((build) => build !== system)
    .map(({ reference, version }) => `${reference} (${version ?? 'damaged'})`);
  const own =
    findSystemQemu() === undefined
      ? ok('qemu', `none on this host; "system" means ${EMBEDDED_BUILD}, which a run fetches`)
      : system?.version === undefined
        ? warn(
            'qemu',
            `${system?.binary ?? 'the system’s'} does not run`,
            `Repair it, or name another build in the plan, such as ${EMBEDDED_BUILD}.`,
          )
        : ok('qemu', `${system.binary ?? ''}, version ${system.version}`);
  return [own, ...(cached.length === 0 ? [] : [ok('qemu builds', cached.join(', '))])];
}

/** Boot a few instructions that write to the serial port: whether this accelerator executes a guest at all. */
export async function probeAccelerator(
  build: QemuBuild,
  kind: SandboxKind,
  accelerator: 'kvm' | 'tcg',
  signal: AbortSignal,
): Promise<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'migbench-doctor-'));
  const name = `boot, ${accelerator}`;
  const fallback =
    accelerator === 'kvm'
      ? 'Runs with accelerator: auto use TCG. Look for kvm in dmesg; in a virtual machine, enable nested virtualization.'
      : `Repair this QEMU, or name another build in the plan, such as ${EMBEDDED_BUILD}.`;
  try {
    const disk = join(folder, 'boot.img');
    await writeFile(disk, bootSector());
    const startedMs = performance.now();
    const { stdout } = await run(
      inside(kind, build.program),
      [
        ...[
          ...build.firmwareArgs,
          '-accel',
          accelerator,
          '-machine',
          build.machineType,
          '-m',
          '32M',
        ],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-no-reboot'],
        ...['-drive', `file=${disk},format=raw,if=ide,snapshot=on`, '-serial', 'stdio'],
      ],
      { timeoutMs: BOOT_TIMEOUT_MS, errorCode: 'host-unfit', signal },
    );
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    return stdout.includes(BOOT_SECTOR_TEXT)
      ? ok(name, `QEMU ${build.version} ran a guest's first instructions (${seconds} s)`)
      : warn(name, `QEMU ${build.version} ended without running the guest`, fallback);
  } catch (error) {
    if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
    const words = messageOf(error).split('\n').at(-1) ?? '';
    return warn(name, `QEMU ${build.version} did not run a guest: ${words}`, fallback);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Ask a destination QEMU to enable post-copy: it then tries userfaultfd itself. */
export async function probePostcopy(
  build: QemuBuild,
  kind: SandboxKind,
  signal: AbortSignal,
): Promise<Finding> {
  const commands = [
    { execute: 'qmp_capabilities' },
    {
      execute: 'migrate-set-capabilities',
      arguments: { capabilities: [{ capability: 'postcopy-ram', state: true }] },
    },
    { execute: 'quit' },
  ];
  const name = 'post-copy, tried';
  const remedy = 'See the line on post-copy above.';
  try {
    const { stdout } = await run(
      inside(kind, build.program),
      [
        ...[...build.firmwareArgs, '-machine', `${build.machineType},accel=tcg:kvm`, '-m', '32M'],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-incoming', 'defer'],
        ...['-qmp', 'stdio'],
      ],
      {
        timeoutMs: ASK_TIMEOUT_MS,
        errorCode: 'host-unfit',
        signal,
        input: commands.map((command) => `${JSON.stringify(command)}\n`).join(''),
      },
    );
    const refusal = firstRefusal(stdout);
    return refusal === undefined
      ? ok(name, `QEMU ${build.version} accepts it`)
      : warn(name, `QEMU ${build.version} refuses it: ${refusal}`, remedy);
  } catch (error) {
    if (error instanceof MigbenchError && error.code === 'interrupted') throw error;
    return warn(name, messageOf(error), remedy);
  }
}

const answerSchema = z.object({ error: z.object({ desc: z.string() }).optional() });

/** The description of the first error among QMP's answers, one JSON value per line. */
export function firstRefusal(answers: string): string | undefined {
  for (const line of answers.split('\n').filter((text) => text.trim() !== '')) {
    const answer = answerSchema.parse(JSON.parse(line));
    if (answer.error !== undefined) return answer.error.desc;
  }
  return undefined;
}
