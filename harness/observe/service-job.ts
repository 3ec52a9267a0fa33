/** What the service probe and its client process say to each other: a job as an argument, one line of JSON back. */
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

/** The client's last line, after its standard input has ended. Times are of CLOCK_MONOTONIC, ms. */
export const serviceLogSchema = z.object({
  /** In the order of their intended times. */
  requests: z.array(
    z.object({
      /** When the schedule wanted it sent. */
      intendedMs: z.number(),
      /** When its answer, good or bad, or the loss of its connection was seen; absent: still unanswered at the end. */
      endedMs: z.number().optional(),
      /** Absent where the answer was good, or is missing. */
      error: z.string().optional(),
    }),
  ),
  /** Connections that were made after the first. */
  reconnects: z.number(),
});

export type ServiceLog = z.infer<typeof serviceLogSchema>;
export type ServiceRequest = ServiceLog['requests'][number];
