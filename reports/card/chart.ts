/** Chart: the dirty curve against what links carry: where a link's line runs above the curve, pre-copy converges. */
import type { TopLevelSpec } from 'vega-lite';
import type { Card } from '../../harness/characterize/card.ts';
import { payloadBytesPerSecond, PAGE_OVERHEAD } from '../../harness/characterize/wire.ts';
import { formatBitRate } from '../../harness/units.ts';

const WIDTH = 720;
const HEIGHT = 300;
const MIB = 1024 * 1024;
const LINKS = [1e9, 10e9, 25e9] as const;
/** Below this a logarithmic axis shows nothing worth seeing, MiB. */
const FLOOR_MIB = 0.05;

const mib = (bytes: number): number => Math.max(FLOOR_MIB, Number((bytes / MIB).toPrecision(5)));

/** Seconds and MiB, both logarithmic. */
export function dirtyCurveChart(card: Card): TopLevelSpec {
  const points = card.dirtyCurve.map(({ windowMs, uniqueDirtyBytes: { median, low, high } }) => ({
    seconds: windowMs / 1000,
    ...{ dirtied: mib(median), low: mib(low), high: mib(high), line: 'dirty curve' },
  }));
  const first = points[0]?.seconds ?? 0.05;
  const last = points.at(-1)?.seconds ?? 60;
  const most = Math.max(...points.map(({ high }) => high), mib(card.nonZeroBytes));
  const links = LINKS.flatMap((bandwidth) => {
    const mibPerSecond = payloadBytesPerSecond(bandwidth) / PAGE_OVERHEAD / MIB;
    const end = Math.min(last, most / mibPerSecond);
    return end <= first
      ? []
      : [first, end].map((seconds) => ({
          seconds,
          dirtied: Number((seconds * mibPerSecond).toPrecision(5)),
          line: `${formatBitRate(bandwidth)} carries`,
        }));
  });
  const x = {
    field: 'seconds',
    type: 'quantitative' as const,
    title: 'window (s)',
    scale: { type: 'log' as const, domain: [first, last] },
  };
  const y = {
    field: 'dirtied',
    type: 'quantitative',
    title: 'unique memory dirtied (MiB)',
    scale: { type: 'log' },
  } as const;
  // The legend takes the band's opacity, which is too pale for a name.
  const color = {
    field: 'line',
    type: 'nominal',
    title: null,
    legend: { symbolOpacity: 1 },
  } as const;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: `Dirty curve of ${card.title ?? card.workload}.`,
    width: WIDTH,
    height: HEIGHT,
    datasets: links.length === 0 ? { points } : { points, links },
    layer: [
      {
        data: { name: 'points' },
        mark: { type: 'area', opacity: 0.2, clip: true },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      {
        data: { name: 'points' },
        mark: { type: 'line', point: true, clip: true },
        encoding: { x, y, color },
      },
      // Where every link carries all of memory within the shortest window, there is no line to draw.
      ...(links.length === 0
        ? []
        : [
            {
              data: { name: 'links' },
              mark: { type: 'line' as const, strokeDash: [5, 4], clip: true },
              encoding: { x, y, color },
            },
          ]),
    ],
  };
}
