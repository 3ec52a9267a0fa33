/** Ground truth for the heartbeat: a running guest is stopped for a known time, and the probe says how long it was. */
import { setTimeout as sleep } from 'node:timers/promises';
import { hostCProgram } from '../../../harness/debian/host-program.ts';
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
  /** The longest gap of the heartbeat around it, ms. */
  readonly readMs: number;
}

/** How far a reading may be from what was injected, ms. */
const STALL_TOLERANCE_MS = 4;
/** On some days a guest stays silent for some 1 % of a stop after its end (docs/variability.md): twice that is allowed. */
const AFTER_FRACTION = 0.02;
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
  // The parts of a trial that this probe looks at: the guest is real, and so are probe and receiver.
  const context = {
    stage: {
      telemetry: guest.telemetry,
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
    return { askedMs, injectedMs, readMs: measurements?.blackoutMs ?? Number.NaN };
  });
}

/** Share of the stalls of one length that were read within the tolerance. */
export function shareRight(stalls: readonly Stall[], askedMs: number): number {
  const of = stalls.filter((stall) => stall.askedMs === askedMs);
  const right = of.filter(
    ({ injectedMs, readMs }) =>
      Math.abs(readMs - injectedMs) <= STALL_TOLERANCE_MS + AFTER_FRACTION * injectedMs,
  );
  return right.length / of.length;
}

/** For a failed test's message: what was read for each length, less what was injected, in order, ms. */
export function errorsOf(stalls: readonly Stall[], askedMs: number): string {
  return stalls
    .filter((stall) => stall.askedMs === askedMs)
    .map(({ injectedMs, readMs }) => readMs - injectedMs)
    .sort((one, other) => one - other)
    .map((error) => error.toFixed(1))
    .join(' ');
}
