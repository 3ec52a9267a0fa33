/** What two sides must have in common for their figures to be comparable, and where they have not. */
import { DRIFT_BOUND, driftOf, driftText } from '../analysis/drift.ts';
import type { Environment } from '../record/schema.ts';
import { formatBytes } from '../units.ts';
import type { CellPair } from './match.ts';
import type { ComparedDimension, ComparedSide, FingerprintDifference } from './types.ts';

type Fact = readonly [what: string, of: (environment: Environment) => string];

/** Other figures would come out for the same QEMU. */
const decisive: readonly Fact[] = [
  ['host CPU', ({ host }) => `${host.cpuModel}, ${host.cpus} CPUs`],
  ['host memory', ({ host }) => formatBytes(host.memoryBytes)],
  ['host kernel', ({ host }) => host.kernel],
  ['sandbox mode', ({ sandboxMode }) => sandboxMode],
  ['guest network', ({ guestNetwork }) => guestNetwork],
  ['guest image', ({ image }) => `${image.suite}, Linux ${image.kernel}, ${image.key}`],
];

/** Worth a line. */
const notable: readonly Fact[] = [
  ['host distribution', ({ host }) => host.distribution],
  ['migbench', ({ migbench }) => migbench],
  ['Node', ({ node }) => node],
];

/** Differences between two runs, the decisive ones first. */
export function environmentDifferences(
  base: Environment,
  candidate: Environment,
): readonly FingerprintDifference[] {
  const differing = (facts: readonly Fact[], incomparable: boolean) =>
    facts.flatMap(([what, of]) =>
      of(base) === of(candidate)
        ? []
        : [{ what, base: of(base), candidate: of(candidate), incomparable }],
    );
  return [...differing(decisive, true), ...differing(notable, false)];
}

const listed = (names: readonly string[]) => (names.length === 0 ? 'unknown' : names.join(', '));

/** Differences between paired cells in what their trials found out: the accelerator and the machine type. */
export function cellDifferences(
  pairs: readonly CellPair[],
  by: ComparedDimension | undefined,
): readonly FingerprintDifference[] {
  const inCells = pairs.flatMap(({ label, base, candidate }): readonly FingerprintDifference[] => {
    const known = base.accelerators.length > 0 && candidate.accelerators.length > 0;
    const accelerators = [listed(base.accelerators), listed(candidate.accelerators)] as const;
    const machines = [listed(base.machineTypes), listed(candidate.machineTypes)] as const;
    return [
      ...(known && accelerators[0] !== accelerators[1]
        ? [
            {
              what: `accelerator of ${label}`,
              base: accelerators[0],
              candidate: accelerators[1],
              incomparable: by !== 'accelerator',
            },
          ]
        : []),
      ...(machines[0] === machines[1]
        ? []
        : [
            {
              what: `machine type of ${label}`,
              base: machines[0],
              candidate: machines[1],
              incomparable: false,
            },
          ]),
    ];
  });
  return [...inCells, ...buildDifferences(pairs, by)];
}

/** Other builds behind the same reference (`system`, after an upgrade), once for all cells. */
function buildDifferences(
  pairs: readonly CellPair[],
  by: ComparedDimension | undefined,
): readonly FingerprintDifference[] {
  if (by === 'qemu' || by === 'source' || by === 'destination') return [];
  const found = new Map<string, FingerprintDifference>();
  for (const { base, candidate } of pairs) {
    const [one, other] = [listed(base.qemu), listed(candidate.qemu)];
    if (one === other) continue;
    const difference = { what: 'QEMU', base: one, candidate: other, incomparable: false };
    found.set(differenceText(difference), difference);
  }
  return [...found.values()];
}

/** Runs whose host was not one machine: a warning each. */
export function driftWarnings(sides: readonly ComparedSide[]): readonly string[] {
  const runs = new Map(sides.map((side) => [side.environment.runId, side]));
  return [...runs.values()].flatMap(({ directory, environment }) => {
    const drift = driftOf(environment.calibrations);
    if (drift === undefined || drift.factor <= DRIFT_BOUND) return [];
    return [
      `${directory}: the host drifted: ${driftText(drift)}. Its results are not to be trusted.`,
    ];
  });
}

/** A noise floor that was measured on something else than what is compared. */
export function floorWarnings(floor: Environment, compared: Environment): readonly string[] {
  const differing = environmentDifferences(floor, compared).filter((each) => each.incomparable);
  if (differing.length === 0) return [];
  return [
    `The noise floor was measured on something else, and may hide or invent changes here (${differing.map(differenceText).join('; ')}). ` +
      'Measure it where the comparison runs: migbench run --aa.',
  ];
}

/** A difference as a line. */
export function differenceText({ what, base, candidate }: FingerprintDifference): string {
  return `${what}: ${base} → ${candidate}`;
}
