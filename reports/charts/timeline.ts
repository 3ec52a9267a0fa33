/** Chart: one migration over time, every series on the same axis. The page gives it the data of the trial chosen. */
import type { TopLevelSpec } from 'vega-lite';
import { panels } from '../timeline/series.ts';

/** Widths in pixels: the page fits them to its own. */
const WIDTH = 900;
const PANEL_HEIGHT = 92;
/** The page gives it a lane for each that the trial has. */
const PHASES_HEIGHT = 40;

/** A figure of these is that of the time since the one before: a slope across a standstill would be a lie. */
const OVER_INTERVALS: ReadonlySet<string> = new Set(['wire', 'progress', 'cpu']);

/** Each kind of phase has its place in the palette. */
const PHASE_KINDS = ['setup', 'pass', 'switchover', 'postcopy', 'aftermath', 'other'] as const;

/**
 * The specification, without data. Its data sets are `phases` ({start, end, name, kind, lane, label, labelAt, before, after}), `rules` ({panel, name,
 * value}) and one per panel ({s, series, value}); times in seconds. The page leaves out the panels without any.
 */
export function timelineChart(): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    description: 'One migration over time.',
    spacing: 10,
    resolve: { scale: { x: 'shared', color: 'independent' } },
    vconcat: [phasesPanel(), ...panels.map(({ name, title }) => panel(name, title))],
  } as TopLevelSpec;
}

const time = { type: 'quantitative', scale: { nice: false, zero: false } } as const;

function phasesPanel() {
  const tooltip = [
    { field: 'name', type: 'nominal', title: 'phase' },
    { field: 'start', type: 'quantitative', title: 'from (s)', format: '.3f' },
    { field: 'end', type: 'quantitative', title: 'to (s)', format: '.3f' },
  ] as const;
  const x = {
    ...time,
    field: 'start',
    title: 'seconds since the migrate command',
    axis: { orient: 'top', tickCount: 10 },
  } as const;
  const y = { field: 'lane', type: 'ordinal', axis: null } as const;
  return {
    name: 'phases',
    width: WIDTH,
    height: PHASES_HEIGHT,
    data: { name: 'phases' },
    layer: [
      {
        params: [
          {
            name: 'zoom',
            // With Shift, so that the wheel alone still scrolls the page.
            select: { type: 'interval', encodings: ['x'], zoom: 'wheel![event.shiftKey]' },
            bind: 'scales',
          },
        ],
        // A thin line between neighbours of one colour: passes.
        mark: { type: 'rect', clip: true, stroke: 'white', strokeWidth: 1, strokeOpacity: 0.8 },
        encoding: {
          x,
          x2: { field: 'end' },
          y,
          color: {
            field: 'kind',
            type: 'nominal',
            legend: null,
            scale: {
              domain: [...PHASE_KINDS],
              range: ['#c9ced6', '#9ccdee', '#f2b48c', '#c9b3de', '#b9dcc4', '#d5d9de'],
            },
          },
          tooltip,
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 3, clip: true, color: '#1c2127', fontSize: 11 },
        encoding: {
          x: { ...x, field: 'labelAt' },
          y,
          text: { field: 'label', type: 'nominal' },
          tooltip,
        },
      },
      // A name that does not fit into its band stands beside it, where there is room.
      {
        mark: { type: 'text', align: 'left', dx: 4, clip: true, fontSize: 11 },
        encoding: { x: { ...x, field: 'end' }, y, text: { field: 'after', type: 'nominal' } },
      },
      {
        mark: { type: 'text', align: 'right', dx: -4, clip: true, fontSize: 11 },
        encoding: { x, y, text: { field: 'before', type: 'nominal' } },
      },
    ],
  };
}

function panel(name: string, title: string) {
  const x = {
    ...time,
    field: 's',
    title: null,
    axis: { labels: false, ticks: false, tickCount: 10 },
  } as const;
  const y = {
    field: 'value',
    type: 'quantitative',
    title,
    scale: { zero: true, nice: true },
    axis: {
      tickCount: 4,
      titleAngle: 0,
      titleAlign: 'left',
      titleY: -5,
      titleX: 4,
      titleBaseline: 'bottom',
    },
  } as const;
  return {
    name,
    width: WIDTH,
    height: PANEL_HEIGHT,
    layer: [
      {
        data: { name: 'phases' },
        transform: [{ filter: "datum.kind === 'switchover'" }],
        mark: { type: 'rect', opacity: 0.25, color: '#d55e00', clip: true, minBandSize: 1 },
        encoding: { x: { ...x, field: 'start' }, x2: { field: 'end' } },
      },
      {
        data: { name: 'rules' },
        transform: [{ filter: `datum.panel === '${name}'` }],
        mark: { type: 'rule', strokeDash: [4, 3] },
        encoding: {
          y,
          tooltip: [
            { field: 'name', type: 'nominal' },
            { field: 'value', type: 'quantitative' },
          ],
        },
      },
      {
        data: { name },
        // A gap lasts: it is drawn from its beginning to its end.
        ...(name === 'heartbeat'
          ? {
              transform: [{ calculate: 'datum.s + datum.value / 1000', as: 'end' }],
              mark: { type: 'rect', clip: true, minBandSize: 1, stroke: null },
            }
          : {
              mark: {
                type: 'line',
                strokeWidth: 1.5,
                point: 'transparent',
                clip: true,
                ...(OVER_INTERVALS.has(name) ? { interpolate: 'step-before' } : {}),
              },
            }),
        encoding: {
          x,
          y,
          ...(name === 'heartbeat' ? { x2: { field: 'end' }, y2: { datum: 0 } } : {}),
          color: {
            field: 'series',
            type: 'nominal',
            title: null,
            sort: null,
            legend: name === 'cpu' || name === 'wire' ? { orient: 'right', labelLimit: 185 } : null,
          },
          tooltip: [
            { field: 's', type: 'quantitative', title: 'seconds', format: '.3f' },
            { field: 'series', type: 'nominal', title: 'series' },
            { field: 'value', type: 'quantitative', title },
          ],
        },
      },
    ],
  };
}
