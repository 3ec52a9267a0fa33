/** Whether QEMU kept to its cap, and whether its count of bytes agrees with the wire's. */
import type { CellSpec } from '../plan/types.ts';
import type { MigrationSample } from '../qmp/index.ts';
import type { Measurements, TrialWarning } from '../record/schema.ts';
import { formatBitRate, formatByteRate, formatBytes } from '../units.ts';
import type { Effective } from './apply-settings.ts';

/** A rate above the cap by more than this is a broken cap, not a rounding. */
const CAP_TOLERANCE = 1.05;
/** Headers of TCP, IP and Ethernet on full segments: measured 1.046 on links with 1500-byte frames. */
const HEADER_FACTOR = 1.046;
/** Counts that differ by more than this, headers allowed for, are worth a warning. */
const COUNT_TOLERANCE = 0.05;

/** Warnings of one trial that are about bytes per second and bytes. */
export function rateWarnings(
  spec: CellSpec,
  effective: Effective | undefined,
  measurements: Measurements,
): TrialWarning[] {
  return [...capWarnings(spec, effective, measurements), ...countWarnings(spec, measurements)];
}

/** zero-copy-send that the kernel could not do copies after all, and QEMU says so in a counter only. */
export function zeroCopyWarnings(
  { capabilities }: Pick<CellSpec, 'capabilities'>,
  final: Pick<MigrationSample, 'zeroCopyMissedPasses' | 'passes'> | undefined,
): TrialWarning[] {
  const missed = final?.zeroCopyMissedPasses ?? 0;
  if (capabilities['zero-copy-send'] !== true || missed === 0) return [];
  return [
    {
      code: 'zero-copy-fell-back',
      message:
        `The kernel copied in ${missed} of ${final?.passes ?? 'an unknown number of'} passes, although zero-copy-send is on: ` +
        'a virtual link always copies. Measure zero-copy-send on a real network card.',
    },
  ];
}

/** In loopback mode nothing but QEMU holds post-copy to the link's rate (settings.ts), where it can. */
export function postcopyRateWarnings(
  { capabilities, link }: Pick<CellSpec, 'capabilities' | 'link'>,
  effective: Pick<Effective, 'source'> | undefined,
  mode: 'namespaces' | 'loopback',
): TrialWarning[] {
  if (mode === 'namespaces' || link.bandwidthBitsPerSecond === 'unlimited') return [];
  if (capabilities['postcopy-ram'] !== true || effective === undefined) return [];
  if ('max-postcopy-bandwidth' in effective.source.parameters) return [];
  return [
    {
      code: 'postcopy-unlimited',
      message:
        'This QEMU has no max-postcopy-bandwidth, and in loopback mode there is no shaped link: after the switchover it sent ' +
        `faster than ${formatBitRate(link.bandwidthBitsPerSecond)} if it could. Measure post-copy where namespaces are allowed.`,
    },
  ];
}

/** QEMU from 10.1 on does not hold multifd to max-bandwidth, and others overshoot too: say so. */
function capWarnings(
  spec: CellSpec,
  effective: Effective | undefined,
  { throughputBitsPerSecond: rate }: Measurements,
): TrialWarning[] {
  const cap = effective?.source.parameters['max-bandwidth'];
  // max-bandwidth does not govern post-copy; max-postcopy-bandwidth does.
  if (typeof cap !== 'number' || rate === undefined || spec.postcopy !== undefined) return [];
  if (rate <= cap * 8 * CAP_TOLERANCE) return [];
  return [
    {
      code: 'cap-not-honoured',
      message:
        `QEMU sent ${formatBitRate(rate)} although max-bandwidth is ${formatByteRate(cap)}. ` +
        'Compare this cell only with cells that kept to the cap; limit the link instead.',
    },
  ];
}

/** The shaper sees every byte on the link; QEMU counts what it believes to have sent. */
function countWarnings(
  spec: CellSpec,
  { wireBytes, transferredBytes }: Measurements,
): TrialWarning[] {
  // With a competing stream a full queue drops segments of the migration too, and they are sent again; what was on its
  // way when a link was cut for good is lost.
  const lossy =
    spec.link.lossPercent !== undefined ||
    spec.link.competingBitsPerSecond !== undefined ||
    spec.postcopy?.recover === 'never';
  const crosses = spec.transport === 'tcp' || spec.transport === 'tls';
  if (wireBytes === undefined || transferredBytes === undefined || lossy || !crosses) return [];
  const payload = wireBytes / HEADER_FACTOR;
  if (Math.abs(payload / transferredBytes - 1) <= COUNT_TOLERANCE) return [];
  return [
    {
      code: 'bytes-differ',
      message:
        `The link carried ${formatBytes(payload)} without headers, QEMU counted ${formatBytes(transferredBytes)}. ` +
        'Believe the link: wire_bytes is what the network has to carry.',
    },
  ];
}
