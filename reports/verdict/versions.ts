/** Rule: which QEMU takes longer than which. */
import type { Dimension, ReportCell } from '../cell.ts';
import { groupsOf } from '../groups.ts';
import type { Finding } from './finding.ts';
import { cellName, verb } from './words.ts';

/** QEMU against QEMU, only where the intervals of total time do not meet. */
export function versions(
  cells: readonly ReportCell[],
  dimensions: readonly Dimension[],
): readonly Finding[] {
  const alike = groupsOf(cells, ({ labels: { workload, setting, link, guest }, records }) =>
    // Workloads that share a label may differ in their parameters; the accelerator is chosen for each build.
    JSON.stringify([
      ...[workload, setting, link, guest, records[0]?.workload.parameters],
      [...new Set(records.map(({ accelerator }) => accelerator ?? ''))].sort(),
    ]),
  );
  const differences = [...alike.values()].flatMap((members) =>
    members.flatMap((one, i) =>
      members.slice(i + 1).flatMap((other) => {
        const slower = apart(one, other);
        return slower === undefined ? [] : [slower];
      }),
    ),
  );
  const byPair = groupsOf(differences, ({ slow, fast }) =>
    JSON.stringify([slow.labels.qemu, fast.labels.qemu]),
  );
  return [...byPair.values()].map((pairs): Finding => {
    const worst = pairs.toSorted((a, b) => b.factor - a.factor)[0] ?? pairs[0];
    return {
      level: 'warning',
      rule: 'versions',
      text: `${worst.slow.labels.qemu} takes longer than ${worst.fast.labels.qemu} in ${pairs.length} ${verb(pairs.length, 'case', 'cases')}, at most ${longer(worst.factor)} (${cellName(worst.slow, dimensions)}); their intervals do not meet.`,
    };
  });
}

/** `4.2 % longer`, `2.0 times as long`: 1.04 times as long would read as 1.0 times. */
function longer(factor: number): string {
  return factor < 1.1
    ? `${Number(((factor - 1) * 100).toPrecision(2))} % longer`
    : `${factor.toFixed(1)} times as long`;
}

function apart(one: ReportCell, other: ReportCell) {
  if (one.labels.qemu === other.labels.qemu) return undefined;
  const ends = (cell: ReportCell) => {
    const summary = cell.metrics.find(({ metric }) => metric.key === 'totalTimeMs');
    const { ciLow, ciHigh, median } = summary ?? {};
    return ciLow === undefined || ciHigh === undefined || median === undefined || ciHigh.censored
      ? undefined
      : { low: ciLow.value, high: ciHigh.value, median: median.value };
  };
  const a = ends(one);
  const b = ends(other);
  if (a === undefined || b === undefined) return undefined;
  if (a.low > b.high) return { slow: one, fast: other, factor: a.median / b.median };
  if (b.low > a.high) return { slow: other, fast: one, factor: b.median / a.median };
  return undefined;
}
