/**
 * `npm run bench`: measures migbench itself and prints what it found beside what is claimed. It judges nothing: a
 * slow or busy host makes no failure of it. See docs/benchmarks.md.
 */
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { exitCodeOf, MigbenchError } from '../../harness/errors.ts';
import { packageRoot } from '../../harness/paths.ts';
import { reportError } from '../../harness/report-error.ts';
import { measurementTable, type Measurement } from './measurement.ts';
import { messageTasks } from './micro/messages.ts';
import { planAndRecordTasks } from './micro/plan-and-record.ts';
import { timeReports } from './micro/report.ts';
import { timeTasks } from './micro/tasks.ts';
import { measureComparison } from './program/compare.ts';
import { measureInstalledSize } from './program/installed-size.ts';
import { timeProvisioning } from './program/provisioning.ts';
import { measureReports } from './program/report.ts';
import { timeStartup } from './program/startup.ts';
import { measureTrials } from './program/trial-overhead.ts';

const MICRO = { timeMs: 500, iterations: 32 };
const overheadPlan = join(packageRoot, 'test', 'bench', 'overhead.yaml');

async function micro(signal: AbortSignal): Promise<Measurement[]> {
  const tasks = [...messageTasks(), ...(await planAndRecordTasks())];
  return [...(await timeTasks('micro', tasks, MICRO, signal)), ...(await timeReports(signal))];
}

async function program(signal: AbortSignal): Promise<Measurement[]> {
  return [
    ...(await timeProvisioning(overheadPlan, signal)),
    ...(await measureTrials(overheadPlan, signal)),
    ...(await timeStartup(signal)),
    ...(await measureInstalledSize(signal)),
  ];
}

/** Whole reports of up to 20,000 trials: minutes. */
const parts = { micro, program, reports: measureReports, compare: measureComparison };

async function main(signal: AbortSignal): Promise<void> {
  const args = await yargs(hideBin(process.argv))
    .scriptName('npm run bench --')
    .usage('$0 [--only micro|program|reports|compare] [--json]')
    .option('only', { choices: Object.keys(parts) as (keyof typeof parts)[], describe: 'One part' })
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'JSON on standard output, and the table on standard error',
    })
    .strict()
    .parseAsync();
  const host = {
    node: process.versions.node,
    cpuModel: cpus()[0]?.model ?? '',
    cpus: cpus().length,
  };
  const loadBefore = loadavg();
  const measurements: Measurement[] = [];
  for (const part of args.only === undefined ? Object.values(parts) : [parts[args.only]]) {
    measurements.push(...(await part(signal)));
  }
  const load = { before: loadBefore, after: loadavg() };
  const average = (values: readonly number[]) => values.map((value) => value.toFixed(2)).join(' ');
  const table =
    `${await measurementTable(measurements)}\n` +
    `Node ${host.node}, ${host.cpus} × ${host.cpuModel}; load before ${average(load.before)}, after ${average(load.after)}\n`;
  if (args.json) {
    process.stderr.write(table);
    process.stdout.write(`${JSON.stringify({ host, load, measurements }, null, 2)}\n`);
  } else {
    process.stdout.write(table);
  }
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    stop.abort(new MigbenchError('interrupted', 'Interrupted.'));
  });
}
try {
  await main(stop.signal);
} catch (error) {
  // What was going on ends with an error of its own.
  const reason: unknown = stop.signal.aborted ? stop.signal.reason : error;
  reportError(reason, true);
  process.exitCode = exitCodeOf(reason);
}
