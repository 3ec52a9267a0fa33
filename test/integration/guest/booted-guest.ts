/** A guest for the tests of this folder: the real image under a real QEMU, with user-mode networking. */
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, type WorkloadSource } from '../../../harness/guest/image.ts';
import { Telemetry } from '../../../harness/guest/telemetry.ts';
import { resolveBuild } from '../../../harness/qemu/builds/index.ts';
import { commandLine } from '../../../harness/qemu/command-line.ts';
import { RunningProcess } from '../../../harness/sandbox/running.ts';

export class BootedGuest implements AsyncDisposable {
  readonly telemetry: Telemetry;
  /** From the start of QEMU to the agent's first word, in ms. */
  readonly bootMs: number;
  /** The QEMU. */
  readonly process: RunningProcess;
  /** The raw image of its disk; there is a file only where one was asked for. */
  readonly diskPath: string;
  readonly #folder: string;

  private constructor(
    parts: Pick<BootedGuest, 'telemetry' | 'bootMs' | 'process' | 'diskPath'> & { folder: string },
  ) {
    this.telemetry = parts.telemetry;
    this.bootMs = parts.bootMs;
    this.process = parts.process;
    this.diskPath = parts.diskPath;
    this.#folder = parts.folder;
  }

  static async boot(
    workloads: readonly WorkloadSource[],
    memoryMebibytes: number,
    diskBytes = 0,
  ): Promise<BootedGuest> {
    const image = await buildImage({ workloads });
    const build = await resolveBuild('system');
    const folder = await mkdtemp(join(tmpdir(), 'migbench-guest-'));
    const diskPath = join(folder, 'disk.raw');
    if (diskBytes > 0) {
      await writeFile(diskPath, '');
      await truncate(diskPath, diskBytes);
    }
    const telemetry = await Telemetry.open({ address: '127.0.0.1', port: 0 });
    const args = commandLine({
      name: 'migbench-test',
      firmwareArgs: build.firmwareArgs,
      accelerator: 'tcg',
      machineType: 'pc',
      cpu: 'qemu64',
      guest: { memoryBytes: memoryMebibytes * 1024 * 1024, vcpus: 1, backend: 'ram' },
      image,
      addressing: {
        address: '10.0.2.15/24',
        gateway: '10.0.2.2',
        collectorHost: '10.0.2.2',
      },
      collectorPort: telemetry.local.port,
      network: { kind: 'user' },
      qmpPath: join(folder, 'qmp'),
      consolePath: join(folder, 'console.log'),
      ...(diskBytes > 0 ? { diskPath } : {}),
      incoming: 'none',
    });
    const startedMs = performance.now();
    const process = RunningProcess.start(build.program, args, {
      stderrPath: join(folder, 'stderr.log'),
    });
    try {
      await telemetry.waitForHello({ timeoutMs: 60_000 });
      const bootMs = performance.now() - startedMs;
      await telemetry.beginSession({ timeoutMs: 10_000 });
      return new BootedGuest({ telemetry, bootMs, process, diskPath, folder });
    } catch (error) {
      const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '');
      const words = `Console: ${await read('console.log')} QEMU: ${await read('stderr.log')}`;
      await process[Symbol.asyncDispose]();
      await telemetry[Symbol.asyncDispose]();
      throw new Error(`The guest did not boot. ${words}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    await this.telemetry[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
