/**
 * The heartbeat probe: the guest sends numbered datagrams at a steady pace over the service network, and a receiver
 * outside stamps their arrival. What the guest's users could see of a migration at best.
 */
import { createInterface, type Interface } from 'node:readline';
import { untilSilent } from '../deadline.ts';
import { MigbenchError } from '../errors.ts';
import { hostProgram } from '../sandbox/process.ts';
import { describeExit, type RunningProcess } from '../sandbox/running.ts';
import { heartbeatReport, type Beat } from './heartbeat-gaps.ts';
import type { Probe, ProbeContext } from './probe.ts';

/** How long the receiver may be silent: until it is up, and between two of the arrivals that it hands over, ms. */
const RECEIVER_TIMEOUT_MS = 5_000;
/** How long the guest may take to begin its beats, ms. */
const COMMAND_TIMEOUT_MS = 5_000;

/** `undefined` where the plan switches the heartbeat off. */
export function heartbeatProbe({ stage, spec, template }: ProbeContext): Probe | undefined {
  const { heartbeat } = spec.probes;
  if (heartbeat === 'off') return undefined;
  const choice = heartbeat === 'auto' ? template.heartbeat : { periodUs: heartbeat };
  if (choice === undefined) throw new MigbenchError('internal', 'A template without a heartbeat.');
  const { periodUs, ...cost } = choice;
  let receiver: Receiver | undefined;
  let beats: Beat[] = [];
  return {
    name: 'heartbeat',
    start: async () => {
      receiver = new Receiver(
        stage.sandbox.startClient(hostProgram(stage.receiver), [stage.sandbox.clientAddress], {
          pipes: true,
        }),
      );
      const port = await receiver.port();
      await stage.telemetry.command('heartbeat', [String(port), String(periodUs)], {
        timeoutMs: COMMAND_TIMEOUT_MS,
        signal: stage.signal,
      });
    },
    stop: async () => {
      await using ending = receiver;
      beats = (await ending?.arrivals(stage.telemetry.session)) ?? [];
    },
    report: (moments) => {
      if (beats.length < 2) {
        throw new MigbenchError(
          'guest',
          `${beats.length} heartbeats arrived; is UDP to the client filtered?`,
        );
      }
      const report = heartbeatReport(beats, periodUs / 1000, moments);
      return { ...report, details: { periodUs, ...cost, ...Object(report.details) } };
    },
  };
}

/** The program that receives the beats (receiver.c), and what it says. */
export class Receiver implements AsyncDisposable {
  readonly #process: RunningProcess;
  readonly #silenceMs: number;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string>;

  constructor(process: RunningProcess, silenceMs = RECEIVER_TIMEOUT_MS) {
    this.#process = process;
    this.#silenceMs = silenceMs;
    if (process.stdout === undefined)
      throw new MigbenchError('internal', 'A receiver needs pipes.');
    process.stdin?.on('error', () => undefined);
    this.#lines = createInterface({ input: process.stdout });
    this.#iterator = this.#lines[Symbol.asyncIterator]();
  }

  async port(): Promise<number> {
    const { value } = await this.#unlessSilent(() => this.#iterator.next());
    const port = /^port (\d+)$/u.exec(value ?? '')?.[1];
    if (port === undefined) throw await this.#failure('did not say its port');
    return Number(port);
  }

  /** End the receiving; gives the beats of one session in the order of their arrival. */
  async arrivals(session: number): Promise<Beat[]> {
    if (this.#process.exit !== undefined) throw await this.#failure('ended early');
    const zeroMs = performance.now() - Number(process.hrtime.bigint()) / 1e6;
    this.#process.stdin?.end();
    const beats: Beat[] = [];
    // A thousand a second under KVM: how long it takes to read them depends on the migration.
    await this.#unlessSilent(async (heard) => {
      for (;;) {
        const { done, value } = await this.#iterator.next();
        if (done === true) return;
        heard();
        const [of, sequence = 0, skipped = 0, atNs = 0] = value.split(' ').map(Number);
        if (of === session) beats.push({ atMs: atNs / 1e6 + zeroMs, sequence, skipped });
      }
    });
    if ((await this.#process.exited).exitCode !== 0) throw await this.#failure('failed');
    return beats.sort((one, other) => one.atMs - other.atMs);
  }

  #unlessSilent<T>(work: (heard: () => void) => Promise<T>): Promise<T> {
    return untilSilent(work, this.#silenceMs, () => {
      throw new MigbenchError('internal', 'the receiver of the heartbeat gave no answer');
    });
  }

  async #failure(what: string): Promise<MigbenchError> {
    const exit = await this.#process.waitForExit(RECEIVER_TIMEOUT_MS);
    const how = exit === undefined ? 'is still there' : describeExit(exit);
    return new MigbenchError('host-unfit', `the receiver of the heartbeat ${what}; it ${how}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    await this.#process[Symbol.asyncDispose]();
  }
}
