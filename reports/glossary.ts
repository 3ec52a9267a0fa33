/** What each figure of a report is and how it is measured, in one or two sentences: docs/methodology.md has it all. */

export interface Term {
  readonly name: string;
  readonly text: string;
  /** The section of the documentation that has the whole of it. */
  readonly see: string;
}

/** The figures that readers mix up, from the inside to the outside. */
export const terms: readonly Term[] = [
  {
    name: 'Total time',
    text: 'From the migrate command to the end of the migration on the source, as QEMU reports it. A trial that did not converge counts as more than its deadline.',
    see: 'docs/methodology.md#total-time-setup-time-downtime',
  },
  {
    name: 'Downtime (reported)',
    text: "QEMU's own figure, and only that. In post-copy it can be a hundred times too small.",
    see: 'docs/methodology.md#why-five-figures-for-one-downtime',
  },
  {
    name: 'Pause',
    text: 'From STOP on the source to RESUME on the destination, by the stamps of the events of both QEMUs.',
    see: 'docs/methodology.md#pause',
  },
  {
    name: 'Switchover gap',
    text: 'The gap between heartbeats of the guest that contains STOP, less the period, stamped outside the guest.',
    see: 'docs/methodology.md#the-heartbeat',
  },
  {
    name: 'Blackout',
    text: 'The longest gap between heartbeats from the migrate command to the end of the aftermath, less the period. At or below the floor (the longest gap before the migration) it reads "≤".',
    see: 'docs/methodology.md#the-heartbeat',
  },
  {
    name: 'Service outage',
    text: 'The longest time without a successful answer that a client of the guest saw, recovery of TCP included.',
    see: 'docs/methodology.md#the-service',
  },
  {
    name: 'Transferred',
    text: "Bytes of the migration stream by QEMU's count. On the wire: what the link's shaper counted, both ways, headers included.",
    see: 'docs/methodology.md#bytes',
  },
  {
    name: 'Work lost',
    text: "The integral of 1 − rate ÷ baseline from the migrate command to the end of the aftermath: seconds of the workload's work that were not done. Negative where it caught up.",
    see: 'docs/methodology.md#workload-progress',
  },
  {
    name: 'Brownout',
    text: 'How long the workload ran below its baseline, but not at zero.',
    see: 'docs/methodology.md#workload-progress',
  },
  {
    name: 'Median and interval',
    text: 'Medians over completed trials, with the 95 % order-statistic interval of the median, which needs six trials. Skipped and invalid trials are not counted.',
    see: 'docs/methodology.md#statistics',
  },
];
