/** What the service probe and its client process say to each other: a job as an argument, lines of JSON back. */
import { z } from 'zod';
import type { ServiceDefinition } from '../../workloads/types.ts';

/** The client's only argument, as JSON. */
export interface ServiceJob {
  readonly service: ServiceDefinition;
  /** The guest's address. */
  readonly host: string;
  readonly requestsPerSecond: number;
  /** How long the first answer may take, ms; the client then ends with its reason on standard output. */
  readonly startTimeoutMs: number;
}

/** The client's first line once it had its first answer; anything else is why it had none. */
export const READY = 'ready';

const requestSchema = z.object({
  /** When the schedule wanted it sent. */
  intendedMs: z.number(),
  /** When its answer, good or bad, or the loss of its connection was seen; absent: still unanswered at the end. */
  endedMs: z.number().optional(),
  /** Absent where the answer was good, or is missing. */
  error: z.string().optional(),
});

/** The client's lines after its standard input has ended; the last one has `reconnects`. Times are of CLOCK_MONOTONIC, ms. */
export const serviceLogPartSchema = z.object({
  /** In the order of their intended times, over all lines. */
  requests: z.array(requestSchema),
  /** Connections that were made after the first. */
  reconnects: z.number().optional(),
});

export type ServiceRequest = z.infer<typeof requestSchema>;

export interface ServiceLog {
  /** In the order of their intended times. */
  readonly requests: readonly ServiceRequest[];
  /** Connections that were made after the first. */
  readonly reconnects: number;
}

/** Requests in one line of the log: hours of them are too much for one. */
export const REQUESTS_PER_LINE = 1_000;

/** A log as the client says it. */
export function* linesOfLog({ requests, reconnects }: ServiceLog): Generator<string> {
  for (let from = 0; from < requests.length; from += REQUESTS_PER_LINE) {
    yield JSON.stringify({ requests: requests.slice(from, from + REQUESTS_PER_LINE) });
  }
  yield JSON.stringify({ requests: [], reconnects });
}
