/** The timeline of one trial: chosen by cell and repetition or by clicking a point; zoomed by buttons. */
import { carried, inflated } from './data.js';
import { NARROW, draw } from './draw.js';
import { timelineDatasets } from './timeline-data.js';
import { nextWindow } from './zoom.js';

/** Room beside the plot: for the axis and its labels, and for a legend. */
const AXIS_ROOM = 75;
const LEGEND_ROOM = 220;
/** Room of a tick of the time axis where there is little. */
const TICK_ROOM = 55;
/** Width of a letter of a phase's name, pixels. */
const LETTER = 6.5;
/** Height of a lane of phases, pixels. */
const LANE_HEIGHT = 20;

export class TrialTimeline {
  /** @param {import('./data.js').ReportData} data */
  constructor(data) {
    this.data = data;
    this.element = /** @type {HTMLElement} */ (document.getElementById('timeline'));
    /** @type {string | undefined} */
    this.trial = undefined;
    /** @type {Record<string, any[]> | undefined} */
    this.datasets = undefined;
    /** @type {[number, number] | undefined} */
    this.window = undefined;
    this.drawing = Promise.resolve();
    /** @type {string[] | undefined} */
    this.packed = undefined;
  }

  /**
   * @param {string} id
   * @returns {Promise<void>}
   */
  async show(id) {
    const trial = this.data.trials.find((candidate) => candidate.id === id);
    this.trial = id;
    this.window = undefined;
    this.datasets = undefined;
    if (trial?.timeline !== undefined) {
      this.packed ??= /** @type {string[]} */ (JSON.parse(carried('report-timelines')));
      const text = await inflated(this.packed[trial.timeline] ?? '');
      if (this.trial !== id) return;
      this.datasets = timelineDatasets(JSON.parse(text));
    }
    this.redraw();
    await this.drawing;
  }

  /** Draw again: another width, other colours, another window. */
  redraw() {
    this.drawing = this.drawing.then(() => this.drawNow());
  }

  async drawNow() {
    const { datasets, element } = this;
    if (this.trial === undefined) return;
    if (datasets === undefined) {
      element.textContent = `${this.trial} has no timeline.`;
      return;
    }
    const spec = structuredClone(this.data.timelineSpec);
    const legends = datasets['cpu'] !== undefined || datasets['wire'] !== undefined;
    const narrow = element.clientWidth < NARROW;
    const room = AXIS_ROOM + (legends && !narrow ? LEGEND_ROOM : 0);
    const width = Math.max(200, element.clientWidth - room);
    const [from, to] = this.window ?? this.extent();
    spec.datasets = Object.fromEntries(
      Object.entries(datasets).map(([name, rows]) => [
        name,
        name === 'rules' ? rows : clipped(rows, from, to),
      ]),
    );
    spec.datasets.phases = spec.datasets.phases.map((/** @type {any} */ row) => ({
      ...row,
      labelAt: Math.max(row.start, from),
      ...phaseLabels(row, [from, to], width),
    }));
    spec.vconcat = spec.vconcat.filter(
      (/** @type {any} */ panel) =>
        panel.name === 'phases' || (datasets[panel.name]?.length ?? 0) > 0,
    );
    const lanes = new Set(spec.datasets.phases.map((/** @type {any} */ { lane }) => lane));
    for (const panel of spec.vconcat) {
      panel.width = width;
      if (panel.name === 'phases') panel.height = Math.max(1, lanes.size) * LANE_HEIGHT;
      // Vega warns of a layer without data.
      panel.layer = panel.layer.filter((/** @type {any} */ { data }) =>
        hasData(data?.name, panel.name, datasets),
      );
      setDomain(panel, [from, to]);
      if (narrow) makeNarrow(panel, width);
    }
    await draw(element, spec, this.data.themes, () => undefined);
  }

  /** @returns {[number, number]} */
  extent() {
    const rows = Object.values(this.datasets ?? {}).flat();
    const times = rows.flatMap((row) =>
      row.s === undefined ? (row.start === undefined ? [] : [row.start, row.end]) : [row.s],
    );
    let from = Infinity;
    let to = -Infinity;
    for (const time of times) {
      from = Math.min(from, time);
      to = Math.max(to, time);
    }
    return [from, Math.max(to, from + 0.001)];
  }

  /** @param {string} how `in`, `out`, `left`, `right`, `switchover` or `all` */
  zoom(how) {
    if (this.datasets === undefined) return;
    const whole = this.extent();
    const switchover = this.datasets['phases']?.find(({ kind }) => kind === 'switchover');
    this.window = nextWindow(how, whole, this.window ?? whole, switchover);
    this.redraw();
  }
}

/**
 * A phase's name with how long it took: inside its band where it fits. Of those that have a lane to themselves it
 * stands beside the band else; the others' would run over their neighbours.
 * @param {{ start: number, end: number, name: string, lane: number }} phase
 * @param {[number, number]} window
 * @param {number} width of the plot, pixels
 * @returns {{ label: string, before: string, after: string }}
 */
function phaseLabels({ start, end, name, lane }, [from, to], width) {
  const pixels = width / (to - from);
  const room = (Math.min(end, to) - Math.max(start, from)) * pixels;
  const seconds = end - start;
  const took = seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toPrecision(3)} s`;
  const long = `${name} · ${took}`;
  const fitting = [long, name].find((text) => room > text.length * LETTER + 6);
  if (fitting !== undefined) return { label: fitting, before: '', after: '' };
  if (lane === 0) return { label: '', before: '', after: '' };
  const fitsAfter = (to - end) * pixels > long.length * LETTER + 6;
  return { label: '', before: fitsAfter ? '' : long, after: fitsAfter ? long : '' };
}

/**
 * @param {any[]} rows
 * @param {number} from
 * @param {number} to
 */
function clipped(rows, from, to) {
  const margin = (to - from) * 0.1;
  return rows.filter((row) =>
    row.s === undefined
      ? row.end >= from && row.start <= to
      : row.s >= from - margin && row.s <= to + margin,
  );
}

/**
 * @param {any} panel
 * @param {number} width
 */
function makeNarrow(panel, width) {
  for (const { encoding } of panel.layer) {
    if (encoding.color?.legend) encoding.color.legend = { orient: 'bottom', columns: 1 };
    if (encoding.x?.axis)
      encoding.x.axis = {
        ...encoding.x.axis,
        tickCount: Math.max(3, Math.round(width / TICK_ROOM)),
      };
  }
}

/**
 * @param {any} panel
 * @param {[number, number]} domain
 */
function setDomain(panel, domain) {
  for (const layer of panel.layer) {
    const { x } = layer.encoding;
    if (x !== undefined) x.scale = { ...x.scale, domain };
  }
}

/**
 * @param {string | undefined} name of a layer's data set
 * @param {string} panel
 * @param {Record<string, any[]>} datasets
 */
function hasData(name, panel, datasets) {
  if (name === 'rules') return datasets['rules']?.some((rule) => rule.panel === panel) === true;
  if (name === 'phases')
    return datasets['phases']?.some(({ kind }) => kind === 'switchover') === true;
  return true;
}
