/**
 * The service probe: a client outside the guest asks the workload's service for something small at a fixed rate, over
 * the service network. What a customer sees of a migration.
 */
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { ServiceDefinition } from '../../workloads/types.ts';
import { deadline, untilSilent } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import { hostProgram } from '../sandbox/process.ts';
import { describeExit, type RunningProcess } from '../sandbox/running.ts';
import type { Probe, ProbeContext } from './probe.ts';
import { serviceReport } from './service-figures.ts';
import {
  READY,
  serviceLogPartSchema,
  type ServiceJob,
  type ServiceLog,
  type ServiceRequest,
} from './service-job.ts';

const CLIENT = join(packageRoot, 'dist', 'harness', 'observe', 'service-client.js');
/** Requests per second: an emulated guest has less to spare. */
export const REQUESTS_PER_SECOND = { kvm: 200, tcg: 20 } as const;
/** How long the first answer may take; how long the client may take beyond that, on a busy host; and to end, ms. */
const START_TIMEOUT_MS = 7_000;
const CLIENT_START_MS = 5_000;
const CLIENT_END_MS = 2_500;
/** How long the client may be silent before and between the lines of its log, ms. */
const LOG_SILENCE_MS = 5_000;

/**
 * `undefined` where the workload declares no service, the plan switches the probe off, or guests are behind QEMU's
 * user-mode network, where no client reaches them.
 */
export function serviceProbe({ stage, spec, template }: ProbeContext): Probe | undefined {
  const { service } = template.recipe.workload;
  const { sandbox } = stage;
  if (service === undefined || !spec.probes.service) return undefined;
  if (sandbox.source.guestNetwork.kind === 'user') return undefined;
  const requestsPerSecond = REQUESTS_PER_SECOND[template.recipe.accelerator];
  const host = sandbox.guestAddressing.address.split('/')[0] ?? '';
  let client: ServiceClient | undefined;
  let log: ServiceLog = { requests: [], reconnects: 0 };
  return {
    name: 'service',
    start: async () => {
      const job: ServiceJob = {
        ...{ service, host, requestsPerSecond },
        startTimeoutMs: START_TIMEOUT_MS,
      };
      client = new ServiceClient(
        sandbox.startClient(hostProgram(process.execPath, [CLIENT]), [JSON.stringify(job)], {
          pipes: true,
        }),
        service,
      );
      await client.ready();
    },
    stop: async () => {
      await using ending = client;
      if (ending?.isReady === true) log = await ending.log();
    },
    report: (moments) => serviceReport(log, requestsPerSecond, moments),
  };
}

/** The client process (service-client.ts), and what it says. */
export class ServiceClient implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #service: ServiceDefinition;
  readonly #silenceMs: number;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string, undefined>;
  /** Whether it had its first answer. */
  isReady = false;

  constructor(process: RunningProcess, service: ServiceDefinition, silenceMs = LOG_SILENCE_MS) {
    this.#process = process;
    this.#service = service;
    this.#silenceMs = silenceMs;
    if (process.stdout === undefined) throw new MigbenchError('internal', 'A client needs pipes.');
    process.stdin?.on('error', () => undefined);
    this.#lines = createInterface({ input: process.stdout });
    this.#iterator = this.#lines[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
  }

  /** @throws MigbenchError `guest` where the service gave no answer. */
  async ready(): Promise<void> {
    const { value: line } = await deadline(
      this.#iterator.next(),
      START_TIMEOUT_MS + CLIENT_START_MS,
      noAnswer,
    );
    if (line === undefined) throw await this.#failure('ended early');
    if (line !== READY) {
      const { protocol, port } = this.#service;
      throw new MigbenchError('guest', `no answer from ${protocol} on port ${port}: ${line}`);
    }
    this.isReady = true;
  }

  /** End the requests; gives all of them, with times on the clock of performance.now. */
  async log(): Promise<ServiceLog> {
    if (this.#process.exit !== undefined) throw await this.#failure('ended early');
    const zeroMs = performance.now() - Number(process.hrtime.bigint()) / 1e6;
    this.#process.stdin?.end();
    const requests: ServiceRequest[] = [];
    // How long it takes to read them depends on the migration.
    const reconnects = await untilSilent(
      async (heard) => {
        for (;;) {
          const { value: line } = await this.#iterator.next();
          if (line === undefined) return undefined;
          heard();
          const part = serviceLogPartSchema.parse(JSON.parse(line));
          for (const { intendedMs, endedMs, ...others } of part.requests) {
            requests.push({
              ...others,
              intendedMs: intendedMs + zeroMs,
              ...(endedMs === undefined ? {} : { endedMs: endedMs + zeroMs }),
            });
          }
          if (part.reconnects !== undefined) return part.reconnects;
        }
      },
      this.#silenceMs,
      noAnswer,
    );
    if (reconnects === undefined) throw await this.#failure('did not say all of its requests');
    return { requests, reconnects };
  }

  async #failure(what: string): Promise<MigbenchError> {
    const exit = await this.#process.waitForExit(CLIENT_END_MS);
    const how = exit === undefined ? 'is still there' : describeExit(exit);
    return new MigbenchError('host-unfit', `the client of the service ${what}; it ${how}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    await this.#process[Symbol.asyncDispose]();
  }
}

function noAnswer(): never {
  throw new MigbenchError('internal', 'the client of the service gave no answer');
}
