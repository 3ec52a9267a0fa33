/** The competing stream of one trial: it runs from just before `migrate` to the end of the migration. */
import { messageOf, MigbenchError } from '../errors.ts';
import type { LinkShape } from '../plan/types.ts';
import type { TrialWarning } from '../record/schema.ts';
import type { Sandbox } from '../sandbox/host.ts';
import { formatBitRate } from '../units.ts';

/** A sender that reaches less than this part of its rate is worth a warning. */
const REACHED_FRACTION = 0.95;

/** In the record as `details.competing`. Rates and bytes count whole frames, as the link's shaper does. */
export interface CompetingReport {
  readonly askedBitsPerSecond: number;
  readonly durationMs: number;
  readonly sentBytes: number;
  /** Sent and not refused by a full queue, as far as the sender knows. */
  readonly sentBitsPerSecond: number;
  /** What came out of the link at the other end. */
  readonly deliveredBytes: number;
  readonly deliveredBitsPerSecond: number;
}

export interface Competing {
  readonly report?: CompetingReport;
  readonly warnings: readonly TrialWarning[];
}

/**
 * Do `migrate` beside the stream that the plan asks for, if any.
 *
 * @throws MigbenchError `host-unfit` where the stream does not start; whatever `migrate` throws.
 */
export async function beside<T>(
  link: LinkShape,
  sandbox: Sandbox,
  migrate: () => Promise<T>,
): Promise<[T, Competing]> {
  const asked = link.competingBitsPerSecond;
  if (asked === undefined) return [await migrate(), { warnings: [] }];
  const delivered = async () => (await sandbox.readLinkCounters())?.competingBytes ?? 0;
  // The sender counts from its start, so this must not miss its first frames.
  const before = await delivered();
  await using stream = await sandbox.startStream(asked);
  const result = await migrate();
  try {
    const { sentBytes, refusedBytes, durationMs } = await stream.stop();
    const deliveredBytes = (await delivered()) - before;
    const perSecond = (bytes: number) => (bytes * 8000) / durationMs;
    const report: CompetingReport = {
      askedBitsPerSecond: asked,
      durationMs,
      sentBytes,
      sentBitsPerSecond: perSecond(sentBytes),
      deliveredBytes,
      deliveredBitsPerSecond: perSecond(deliveredBytes),
    };
    const offered = perSecond(sentBytes + refusedBytes);
    return [
      result,
      { report, warnings: offered < REACHED_FRACTION * asked ? [tooSlow(offered, asked)] : [] },
    ];
  } catch (error) {
    if (!(error instanceof MigbenchError) || error.code === 'internal') throw error;
    return [result, { warnings: [broken(messageOf(error))] }];
  }
}

function tooSlow(offered: number, asked: number): TrialWarning {
  return {
    code: 'competing-too-slow',
    message:
      `The competing stream offered ${formatBitRate(offered)} of the ${formatBitRate(asked)} that the plan asks for: ` +
      'the host had no processor time for it. Use a lower rate, or a host with more processors.',
  };
}

function broken(why: string): TrialWarning {
  return {
    code: 'competing-too-slow',
    message: `The competing stream broke off (${why}). Run the cell again.`,
  };
}
