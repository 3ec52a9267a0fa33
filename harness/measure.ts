/**
 * The measuring process: lives in the sandbox, takes one job on standard input, and ends with the program's exit code.
 * The input also carries `interrupt`; its end means that the outer process has died.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { builtInWorkload, loadWorkload, type LoadedWorkload } from '../workloads/registry.ts';
import { outliveTerminal } from './lost-terminal.ts';
import { Progress } from './progress.ts';
import { reportError } from './report-error.ts';
import { EXIT_CODES, exitCodeOf, MigbenchError } from './errors.ts';
import { Telemetry } from './guest/telemetry.ts';
import { AGENT_PORT } from './guest/protocol.ts';
import type { Stage } from './guest/start-guest.ts';
import { characterizeSubjects } from './characterize/measure/characterize.ts';
import type { CharacterizeJob, Job, SandboxJob } from './job.ts';
import type { Cell } from './plan/types.ts';
import { runCampaign } from './migration/campaign.ts';
import { COLLECTOR_PORT } from './qemu/command-line.ts';
import { RunWriter } from './record/writer.ts';
import { DEFECT_INSIDE } from './sandbox/enter.ts';
import type { Sandbox } from './sandbox/host.ts';
import { createLoopbackSandbox } from './sandbox/loopback.ts';
import { mountScratch } from './sandbox/mounts.ts';
import { createNamespaceSandbox } from './sandbox/namespaces.ts';

async function workloadsOf(cells: readonly Cell[]): Promise<Map<string, LoadedWorkload>> {
  const found = new Map<string, LoadedWorkload>();
  for (const { spec } of cells) {
    const { id, path } = spec.workload;
    const key = path ?? id;
    if (found.has(key)) continue;
    const loaded = path === undefined ? builtInWorkload(id) : await loadWorkload(path);
    if (loaded === undefined) throw new MigbenchError('internal', `No workload ${id}.`);
    found.set(key, loaded);
  }
  return found;
}

async function openSandbox(job: SandboxJob): Promise<Sandbox> {
  if (job.kind.mode === 'loopback' || job.tools === undefined) {
    return createLoopbackSandbox(job.scratch);
  }
  await mountScratch(job.scratch);
  return createNamespaceSandbox(job.scratch, job.tools, job.kind.guestNetwork);
}

async function openTelemetry(sandbox: Sandbox, network: 'tap' | 'user'): Promise<Telemetry> {
  const address = sandbox.guestAddressing.address.split('/')[0] ?? '';
  return Telemetry.open({
    address: sandbox.clientAddress,
    port: sandbox.mode === 'namespaces' ? COLLECTOR_PORT : 0,
    // A guest on the service bridge can be spoken to before it speaks; one behind user-mode networking cannot.
    ...(network === 'tap' ? { doors: [{ address, port: AGENT_PORT }] } : {}),
  });
}

async function measure(job: Job | CharacterizeJob, signal: AbortSignal): Promise<void> {
  await using sandbox = await openSandbox(job);
  await using telemetry = await openTelemetry(sandbox, job.kind.guestNetwork);
  const stage: Stage = {
    sandbox,
    telemetry,
    image: job.image,
    collectorPort: telemetry.local.port,
    receiver: job.receiver,
    signal,
  };
  if ('subjects' in job) await characterize(job, stage);
  else await migrate(job, stage);
}

async function migrate(job: Job, stage: Stage): Promise<void> {
  const { writer, state } = await RunWriter.resume(job.runDirectory, job.plan);
  await using _closing = writer;
  const progress = new Progress(job.output, join(job.runDirectory, 'run.log'));
  const workloads = await workloadsOf(job.cells);
  const precision = await precisionOf(job);
  await runCampaign({
    ...{ job, stage, writer, progress, workloads },
    measuredUnder: state.measuredUnder,
    ...(precision === undefined ? {} : { precision }),
  });
}

/** How precise the run is so far; analysis is loaded only where a run is to go on until it is precise enough. */
async function precisionOf({ untilPrecision: goal, runDirectory }: Job) {
  if (goal === undefined) return undefined;
  const { isPrecise, precisionText, widthsOf } = await import('./compare/precision.ts');
  const { readSide } = await import('./compare/side.ts');
  return async () => {
    const widths = widthsOf(await readSide(runDirectory), goal);
    return { reached: isPrecise(widths, goal), text: precisionText(widths, goal) };
  };
}

async function characterize(job: CharacterizeJob, stage: Stage): Promise<void> {
  const progress = new Progress(job.output, job.logPath);
  const workloads = await workloadsOf(job.subjects.map(({ subject }) => subject.cell));
  await characterizeSubjects({ job, stage, progress, workloads });
}

async function main(): Promise<void> {
  const stop = new AbortController();
  // A terminal sends Ctrl-C to this process too; the outer one decides what it means.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  outliveTerminal();
  const lines = createInterface({ input: process.stdin, terminal: false });
  const job = await new Promise<Job | CharacterizeJob | undefined>((resolve) => {
    lines.on('line', (line) => {
      if (line !== 'interrupt') resolve(JSON.parse(line) as Job | CharacterizeJob);
      else stop.abort(new MigbenchError('interrupted', 'Interrupted.'));
    });
    lines.on('close', () => {
      resolve(undefined);
      stop.abort(new MigbenchError('interrupted', 'The program that started this one has ended.'));
    });
  });
  if (job === undefined) process.exit(EXIT_CODES.interrupted);
  try {
    await measure(job, stop.signal);
    process.exit(EXIT_CODES.ok);
  } catch (error) {
    reportError(error, job.output.verbose);
    const code = exitCodeOf(error);
    process.exit(code === EXIT_CODES.internal ? DEFECT_INSIDE : code);
  }
}

await main();
