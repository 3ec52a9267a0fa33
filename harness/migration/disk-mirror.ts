/**
 * Moving a guest's own disk without shared storage, as operators do it: the destination serves its empty disk over NBD,
 * the source mirrors its disk there over the migration link until both are the same, and goes on writing to both until
 * the guest stands still.
 */
import { readFileSync } from 'node:fs';
import { MigbenchError, messageOf } from '../errors.ts';
import type { Machine } from '../qemu/machine.ts';
import type { QmpEvent } from '../qmp/index.ts';
import type { Measurements } from '../record/schema.ts';
import type { Host, Sandbox } from '../sandbox/host.ts';
import { freePort } from './uri.ts';

/** IANA's port of NBD; in a network namespace of its own every port is free. */
const NBD_PORT = 10809;
/** Node of the guest's disk (command-line.ts), and of the other side's disk as the source sees it. */
const DISK_NODE = 'disk';
const TARGET_NODE = 'mirror-target';
const JOB = 'disk-mirror';
/** How long the last writes may take to reach the other side while the guest stands still, ms. */
const FINISH_TIMEOUT_MS = 30_000;

export interface MirrorOptions {
  readonly source: Pick<Machine, 'qmp'>;
  readonly destination: Pick<Machine, 'qmp'> & {
    readonly process: { readonly pid: number | undefined };
  };
  readonly sandbox: Pick<Sandbox, 'mode' | 'readLinkCounters'> & {
    readonly destination: Pick<Host, 'migrationAddress'>;
  };
  /** How long the first copy may take, ms. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** A mirror that is in step with the disk, until `finish`. */
export class DiskMirror {
  readonly #options: MirrorOptions;
  readonly #startedAtMs = performance.now();
  readonly #writtenBefore: number | undefined;
  readonly #since: number;
  #readyMs: number | undefined;
  #wireBytes: number | undefined;
  #finishMs: number | undefined;
  #bytes: number | undefined;
  #diskBytes: number | undefined;

  private constructor(options: MirrorOptions) {
    this.#options = options;
    this.#writtenBefore = bytesWritten(options.destination);
    this.#since = options.source.qmp.events.length;
  }

  /**
   * Begin to mirror and wait until both disks are the same.
   *
   * @throws MigbenchError `qmp-timeout` where they are not within the deadline, `qmp-command` and `qmp-error` with QEMU's words.
   */
  static async start(options: MirrorOptions): Promise<DiskMirror> {
    const { source, destination, sandbox, deadlineMs, signal } = options;
    const wireBefore = await sandbox.readLinkCounters();
    const address = {
      type: 'inet',
      host: sandbox.destination.migrationAddress,
      port: `${sandbox.mode === 'namespaces' ? NBD_PORT : await freePort()}`,
    };
    const { type, ...data } = address;
    await destination.qmp.execute('nbd-server-start', { addr: { type, data } });
    await destination.qmp.execute('block-export-add', {
      type: 'nbd',
      id: 'mirror',
      'node-name': DISK_NODE,
      writable: true,
    });
    const mirror = new DiskMirror(options);
    await source.qmp.execute('blockdev-add', {
      driver: 'nbd',
      'node-name': TARGET_NODE,
      server: address,
      export: DISK_NODE,
    });
    await source.qmp.execute('blockdev-mirror', {
      'job-id': JOB,
      device: DISK_NODE,
      target: TARGET_NODE,
      sync: 'full',
    });
    const event = await source.qmp
      .waitForEvent((one) => isOfJob(one), { timeoutMs: deadlineMs, since: mirror.#since, signal })
      .catch((error: unknown) => {
        if (!(error instanceof MigbenchError) || error.code !== 'qmp-timeout') throw error;
        throw new MigbenchError(
          'qmp-timeout',
          `The disk was not mirrored within ${deadlineMs / 1000} s, the plan's deadline: give it longer, or a faster link.`,
          { cause: error },
        );
      });
    if (event.name !== 'BLOCK_JOB_READY') throw broken(event);
    mirror.#readyMs = performance.now() - mirror.#startedAtMs;
    const wire = await sandbox.readLinkCounters();
    if (wire !== undefined && wireBefore !== undefined) {
      mirror.#wireBytes =
        wire.toDestinationBytes +
        wire.toSourceBytes -
        (wireBefore.toDestinationBytes + wireBefore.toSourceBytes);
    }
    return mirror;
  }

  /**
   * The guest stands still: let the last writes arrive and end the mirror, so that the destination's disk is its own.
   *
   * @throws MigbenchError `qmp-error` with QEMU's words where the disks may differ.
   */
  async finish(): Promise<void> {
    const { source, destination, signal } = this.#options;
    const { qmp } = source;
    const beganMs = performance.now();
    // Cancelled when it is in step, a mirror completes; the source keeps its own disk.
    await qmp.execute('block-job-cancel', { device: JOB });
    const end = await qmp.waitForEvent(
      (event) => isOfJob(event) && event.name !== 'BLOCK_JOB_READY',
      {
        timeoutMs: FINISH_TIMEOUT_MS,
        since: this.#since,
        signal,
        what: 'the end of the disk mirror',
      },
    );
    if (end.name !== 'BLOCK_JOB_COMPLETED' || end.data['error'] !== undefined) throw broken(end);
    this.#finishMs = performance.now() - beganMs;
    this.#diskBytes = typeof end.data['len'] === 'number' ? end.data['len'] : undefined;
    const written = bytesWritten(destination);
    if (written !== undefined && this.#writtenBefore !== undefined) {
      this.#bytes = written - this.#writtenBefore;
    }
  }

  /** The destination serves its disk no longer. */
  async close(): Promise<void> {
    // Where the destination is gone, so is its server.
    await this.#options.destination.qmp.execute('nbd-server-stop').catch(messageOf);
  }

  get measurements(): Measurements {
    return {
      ...(this.#readyMs === undefined ? {} : { storageMs: this.#readyMs }),
      ...(this.#bytes === undefined ? {} : { storageBytes: this.#bytes }),
    };
  }

  /** What fits no column: ms and bytes. */
  get details(): Readonly<Record<string, number>> {
    const values = {
      readyMs: this.#readyMs,
      wireBytesBefore: this.#wireBytes,
      finishMs: this.#finishMs,
      jobBytes: this.#diskBytes,
    };
    return Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined),
    );
  }
}

function isOfJob(event: QmpEvent): boolean {
  const names = [
    'BLOCK_JOB_READY',
    'BLOCK_JOB_COMPLETED',
    'BLOCK_JOB_CANCELLED',
    'BLOCK_JOB_ERROR',
  ];
  return names.includes(event.name) && event.data['device'] === JOB;
}

function broken(event: QmpEvent): MigbenchError {
  const said = event.data['error'] ?? event.data['operation'];
  const words = typeof said === 'string' ? said : 'QEMU gave no reason';
  return new MigbenchError(
    'qmp-command',
    `The mirror of the disk broke off (${event.name}): ${words}. Is there space for two disks?`,
  );
}

/** Bytes that a process has handed to `write` so far: for a QEMU that receives a disk, that disk (and a few notes). */
function bytesWritten({ process }: MirrorOptions['destination']): number | undefined {
  try {
    const text = readFileSync(`/proc/${process.pid ?? 0}/io`, 'utf8');
    const written = /^wchar: (\d+)$/mu.exec(text)?.[1];
    return written === undefined ? undefined : Number(written);
  } catch {
    return undefined;
  }
}
