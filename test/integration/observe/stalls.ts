/**
 * Ground truth for the heartbeat: a running guest is stopped for a known time, and the probe says how long it was silent.
 * A witness on the way stamps every beat too, since a guest whose memory went cold in a stop is silent for longer
 * (docs/variability.md).
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostCProgram } from '../../../harness/debian/host-program.ts';
import type { WaitOptions } from '../../../harness/guest/telemetry-command.ts';
import { heartbeatProbe } from '../../../harness/observe/heartbeat.ts';
import type { ProbeContext } from '../../../harness/observe/probe.ts';
import { packageRoot } from '../../../harness/paths.ts';
import { RunningProcess } from '../../../harness/sandbox/running.ts';
import { builtInWorkloads } from '../../../workloads/registry.ts';
import { join } from 'node:path';
import { BootedGuest } from '../guest/booted-guest.ts';

/** One stop of the guest's QEMU. */
export interface Stall {
  readonly askedMs: number;
  /** As the injector measured it: from just after SIGSTOP to just before SIGCONT, ms. */
  readonly injectedMs: number;
  /** The longest gap between two beats around it less a period, as the witness saw it, ms. */
  readonly silentMs: number;
  /** What the probe made of it, ms. */
  readonly readMs: number;
}

/** How far a reading may be from what the witness saw, and a silence shorter than what was injected, ms. */
export const TOLERANCE_MS = 4;
const HEARTBEAT_US = 1_000;
/** Beats on either side of a stall, ms. */
const MARGIN_MS = 60;

/** As a sandbox starts what stands beside the guest's clients. */
const startClient = (...args: Parameters<typeof RunningProcess.start>) =>
  RunningProcess.start(...args);

/** Stop an idle guest for each of the lengths, `readings` times, by turns. */
export async function injectStalls(
  lengthsMs: readonly number[],
  readings: number,
): Promise<Stall[]> {
  await using guest = await BootedGuest.boot(builtInWorkloads, 256);
  const { pid } = guest.process;
  if (pid === undefined) throw new Error('QEMU has no process id');
  const receiver = await hostCProgram(join(packageRoot, 'harness', 'observe', 'receiver.c'));
  await using witness = await Witness.open();
  // The parts of a trial that this probe looks at: the guest is real, and so are probe and receiver.
  const context = {
    stage: {
      telemetry: {
        session: guest.telemetry.session,
        command: (verb: string, [port = '', ...rest]: string[], options: WaitOptions) => {
          witness.passOn(Number(port));
          return guest.telemetry.command(verb, [String(witness.port), ...rest], options);
        },
      },
      receiver,
      signal: new AbortController().signal,
      sandbox: { clientAddress: '127.0.0.1', startClient },
    },
    spec: { probes: { heartbeat: HEARTBEAT_US } },
  } as unknown as ProbeContext;
  const probe = heartbeatProbe(context);
  if (probe === undefined) throw new Error('no heartbeat');
  await probe.start();
  await sleep(1_000);
  const windows: { fromMs: number; toMs: number; askedMs: number; injectedMs: number }[] = [];
  for (let reading = 0; reading < readings; reading++) {
    for (const askedMs of lengthsMs) {
      const fromMs = performance.now();
      await sleep(MARGIN_MS);
      process.kill(pid, 'SIGSTOP');
      const stoppedMs = performance.now();
      await sleep(askedMs);
      const injectedMs = performance.now() - stoppedMs;
      process.kill(pid, 'SIGCONT');
      await sleep(MARGIN_MS);
      windows.push({ fromMs, toMs: performance.now(), askedMs, injectedMs });
    }
  }
  await probe.stop();
  return windows.map(({ fromMs, toMs, askedMs, injectedMs }) => {
    const { measurements } = probe.report({
      ...{ baselineFromMs: fromMs, baselineToMs: fromMs, startedAtMs: fromMs },
      ...{ migratedAtMs: toMs, endedAtMs: toMs, completed: false },
    });
    const silentMs = witness.longestGap(fromMs, toMs) - HEARTBEAT_US / 1000;
    return { askedMs, injectedMs, silentMs, readMs: measurements?.blackoutMs ?? Number.NaN };
  });
}

/** The guest's beats on their way to the probe's receiver. */
class Witness implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #atMs: number[] = [];
  #toPort = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (beat) => {
      this.#atMs.push(performance.now());
      socket.send(beat, this.#toPort, '127.0.0.1');
    });
  }

  static async open(): Promise<Witness> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Witness(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  passOn(toPort: number): void {
    this.#toPort = toPort;
  }

  /** The longest time without a beat, of those that began or ended between two moments, ms. */
  longestGap(fromMs: number, toMs: number): number {
    let longest = 0;
    for (const [index, atMs] of this.#atMs.entries()) {
      const beforeMs = this.#atMs[index - 1];
      if (beforeMs === undefined || atMs <= fromMs || beforeMs >= toMs) continue;
      longest = Math.max(longest, atMs - beforeMs);
    }
    return longest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

/** What the probe said beyond what the witness saw, ms. */
export const overSilence = ({ readMs, silentMs }: Stall) => readMs - silentMs;
/** What the probe said beyond how long the guest was stopped, ms. */
export const overStop = ({ readMs, injectedMs }: Stall) => readMs - injectedMs;

/** What the stalls of one length were off by, in order, ms. */
export function errorsOf(
  stalls: readonly Stall[],
  askedMs: number,
  errorOf: (stall: Stall) => number,
): number[] {
  return stalls
    .filter((stall) => stall.askedMs === askedMs)
    .map(errorOf)
    .sort((one, other) => one - other);
}

/** For a failed test's message. */
export function inWords(errorsMs: readonly number[]): string {
  return errorsMs.map((errorMs) => errorMs.toFixed(1)).join(' ');
}

/** Share of the errors that lie within the tolerance. */
export function shareWithin(errorsMs: readonly number[]): number {
  return errorsMs.filter((errorMs) => Math.abs(errorMs) <= TOLERANCE_MS).length / errorsMs.length;
}
