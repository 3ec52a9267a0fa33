/**
 * The service probe: a client outside the guest asks the workload's service for something small at a fixed rate, over
 * the service network. What a customer sees of a migration.
 */
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { ServiceDefinition } from '../../workloads/types.ts';
import { deadline } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import { packageRoot } from '../paths.ts';
import { hostProgram } from '../sandbox/process.ts';
import { describeExit, type RunningProcess } from '../sandbox/running.ts';
import type { Probe, ProbeContext } from './probe.ts';
import { serviceReport } from './service-figures.ts';
import { READY, serviceLogSchema, type ServiceJob, type ServiceLog } from './service-job.ts';

const CLIENT = join(packageRoot, 'dist', 'harness', 'observe', 'service-client.js');
/** Requests per second: an emulated guest has less to spare. */
export const REQUESTS_PER_SECOND = { kvm: 200, tcg: 20 } as const;
/** How long the first answer may take; and how long the client may take beyond that, and to hand over its log, ms. */
const START_TIMEOUT_MS = 7_000;
const CLIENT_TIMEOUT_MS = 2_500;

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

class ServiceClient implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #service: ServiceDefinition;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string, undefined>;
  /** Whether it had its first answer. */
  isReady = false;

  constructor(process: RunningProcess, service: ServiceDefinition) {
    this.#process = process;
    this.#service = service;
    if (process.stdout === undefined) throw new MigbenchError('internal', 'A client needs pipes.');
    process.stdin?.on('error', () => undefined);
    this.#lines = createInterface({ input: process.stdout });
    this.#iterator = this.#lines[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
  }

  /** @throws MigbenchError `guest` where the service gave no answer. */
  async ready(): Promise<void> {
    const line = await this.#line(START_TIMEOUT_MS + CLIENT_TIMEOUT_MS);
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
    const line = await this.#line(CLIENT_TIMEOUT_MS);
    if (line === undefined) throw await this.#failure('said nothing of its requests');
    const { requests, reconnects } = serviceLogSchema.parse(JSON.parse(line));
    return {
      reconnects,
      requests: requests.map((request) => ({
        ...request,
        intendedMs: request.intendedMs + zeroMs,
        ...(request.endedMs === undefined ? {} : { endedMs: request.endedMs + zeroMs }),
      })),
    };
  }

  /** `undefined` at the end of its output. */
  async #line(timeoutMs: number): Promise<string | undefined> {
    const { value } = await deadline(this.#iterator.next(), timeoutMs, () => {
      throw new MigbenchError('internal', 'the client of the service gave no answer');
    });
    return value;
  }

  async #failure(what: string): Promise<MigbenchError> {
    const exit = await this.#process.waitForExit(CLIENT_TIMEOUT_MS);
    const how = exit === undefined ? 'is still there' : describeExit(exit);
    return new MigbenchError('host-unfit', `the client of the service ${what}; it ${how}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    await this.#process[Symbol.asyncDispose]();
  }
}
