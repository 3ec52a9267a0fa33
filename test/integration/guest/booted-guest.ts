/** A guest for the tests of this folder: the real image under a real QEMU, with user-mode networking. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, type WorkloadSource } from '../../../harness/guest/image.ts';
import { Telemetry } from '../../../harness/guest/telemetry.ts';
import { resolveBuild } from '../../../harness/qemu/builds/index.ts';
import { commandLine } from '../../../harness/qemu/command-line.ts';
import { run } from '../../../harness/sandbox/process.ts';

export class BootedGuest implements AsyncDisposable {
  readonly telemetry: Telemetry;
  /** From the start of QEMU to the agent's first word, in ms. */
  readonly bootMs: number;
  readonly #stop: AbortController;
  readonly #ended: Promise<unknown>;
  readonly #folder: string;

  private constructor(
    parts: Pick<BootedGuest, 'telemetry' | 'bootMs'> & {
      stop: AbortController;
      ended: Promise<unknown>;
      folder: string;
    },
  ) {
    this.telemetry = parts.telemetry;
    this.bootMs = parts.bootMs;
    this.#stop = parts.stop;
    this.#ended = parts.ended;
    this.#folder = parts.folder;
  }

  static async boot(
    workloads: readonly WorkloadSource[],
    memoryMebibytes: number,
  ): Promise<BootedGuest> {
    const image = await buildImage({ workloads });
    const build = await resolveBuild('system');
    const folder = await mkdtemp(join(tmpdir(), 'migbench-guest-'));
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
      incoming: 'none',
    });
    const stop = new AbortController();
    const startedMs = performance.now();
    const ended = run(build.program, args, { timeoutMs: 590_000, signal: stop.signal }).catch(
      (error: unknown) => error,
    );
    try {
      await telemetry.waitForHello({ timeoutMs: 60_000 });
      const bootMs = performance.now() - startedMs;
      await telemetry.beginSession({ timeoutMs: 10_000 });
      return new BootedGuest({ telemetry, bootMs, stop, ended, folder });
    } catch (error) {
      const console = await readFile(join(folder, 'console.log'), 'utf8').catch(() => '');
      stop.abort();
      await telemetry[Symbol.asyncDispose]();
      throw new Error(`The guest did not boot. Console: ${console} QEMU: ${String(await ended)}`, {
        cause: error,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    await this.telemetry[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
