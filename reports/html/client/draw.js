/** Drawing with vega-embed: in the colours of the page, without eval, and with what the filters leave. */

import { namedPlaces, paretoFront } from './pareto.js';

/** Beyond this many points a canvas is quicker than SVG elements. */
const MOST_SVG_POINTS = 1500;
/** Rows that a chart shows at once: more make a picture that no browser draws. */
const MOST_ROWS = 160;
/** Panels that a chart of several shows at once. */
const MOST_PANELS = 24;
/** Width that a panel of a chart of several takes, with its axis. */
const PANEL_ROOM = 340;
/** Below this width a long legend has two columns, not three. */
const WIDE = 1040;
/** Below this width labels get less room, and a timeline's legends stand under their panels. */
export const NARROW = 640;

/**
 * @param {HTMLElement} element
 * @param {any} spec
 * @param {Record<'shared' | 'light' | 'dark', any>} themes
 * @param {(trial: string) => void} onTrial a point of a trial was clicked
 * @returns {Promise<{ view: any, finalize(): void } | undefined>}
 */
export async function draw(element, spec, themes, onTrial) {
  const sizes = Object.values(spec.datasets ?? {}).map((/** @type {any} */ rows) => rows.length);
  const heavy = Math.max(0, ...sizes) > MOST_SVG_POINTS;
  const dark = window.matchMedia('(prefers-color-scheme: dark)').matches;
  const config = structuredClone(heavy ? (dark ? themes.dark : themes.light) : themes.shared);
  if (element.clientWidth < NARROW) {
    config.axis.labelLimit = Math.round(element.clientWidth * 0.5);
    config.axis.labelFontSize = 11;
    config.legend.columns = 1;
    config.legend.labelLimit = Math.round(element.clientWidth * 0.36);
  }
  if (spec.params !== undefined && element.clientWidth < WIDE) {
    const value = element.clientWidth < NARROW ? 1 : 2;
    spec = { ...spec, params: [{ name: 'legendColumns', value }] };
  }
  const name = element.getAttribute('aria-label') ?? '';
  if (spec.facet !== undefined) {
    spec = { ...spec, columns: Math.max(1, Math.floor(element.clientWidth / PANEL_ROOM)) };
  }
  try {
    const result = await vegaEmbed(element, spec, {
      mode: 'vega-lite',
      renderer: heavy ? 'canvas' : 'svg',
      // Interpreted expressions: the page's security policy forbids eval.
      ast: true,
      config,
      actions: false,
      tooltip: { theme: dark ? 'dark' : 'light' },
    });
    // Vega makes a document of it, with hundreds of parts: to ears it is one picture, with its table below.
    element.setAttribute('role', 'img');
    element.removeAttribute('aria-roledescription');
    element.setAttribute('aria-label', name);
    element.querySelector('svg')?.setAttribute('aria-hidden', 'true');
    // What scrolls must be reachable without a mouse.
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
    else element.removeAttribute('tabindex');
    result.view.addEventListener(
      'click',
      (/** @type {unknown} */ _event, /** @type {any} */ item) => {
        const trial = item?.datum?.trial;
        if (typeof trial === 'string') onTrial(trial);
      },
    );
    return result;
  } catch (error) {
    element.textContent = `This chart could not be drawn: ${error instanceof Error ? error.message : String(error)}`;
    reportError(error);
    return undefined;
  }
}

/**
 * A chart's specification with what the filters leave; `undefined` where nothing is left.
 * @param {import('./data.js').Chart} chart
 * @param {{ cells: Set<number>, hiddenTrials: Set<string> }} selected
 * @returns {{ spec: any, omitted: number } | undefined}
 */
export function filteredSpec({ spec, layout }, selected) {
  const rowsLeft = layout?.rows.filter(({ cells }) =>
    cells.some((cell) => selected.cells.has(cell)),
  );
  const keys = rowsLeft?.slice(0, MOST_ROWS).map(({ key }) => key);
  const inPlot = keys === undefined ? undefined : new Set(keys);
  /** @type {Record<string, any[]>} */
  const datasets = {};
  let left = 0;
  let omitted = (rowsLeft?.length ?? 0) - (keys?.length ?? 0);
  for (const [name, rows] of Object.entries(spec.datasets)) {
    const kept = rows.filter(
      (/** @type {any} */ row) =>
        (row.cell === undefined || selected.cells.has(row.cell)) &&
        !selected.hiddenTrials.has(row.trial) &&
        (row.row === undefined || inPlot === undefined || inPlot.has(row.row)),
    );
    datasets[name] = kept;
    // Why a row is blank is not worth a picture without any figure.
    if (name !== 'blanks')
      left += kept.filter((/** @type {any} */ { cell }) => cell !== undefined).length;
  }
  if (left === 0) return undefined;
  if (datasets['places'] !== undefined) {
    const front = new Set(paretoFront(datasets['places']));
    const named = new Set(namedPlaces(datasets['places'], [...front]));
    const groups = [...new Set(datasets['places'].map(({ group }) => group))];
    const drawn = new Set(groups.slice(0, MOST_PANELS));
    omitted += groups.length - drawn.size;
    datasets['places'] = datasets['places']
      .filter(({ group }) => drawn.has(group))
      .map((place) => ({ ...place, unbeaten: front.has(place), named: named.has(place) }));
  }
  const copy = { ...spec, datasets };
  if (keys !== undefined && layout !== undefined) {
    copy.height = keys.length * layout.rowHeight;
    copy.layer = spec.layer.map((/** @type {any} */ layer) => withRows(layer, keys));
  }
  // Vega warns of a data set that is empty.
  copy.layer = copy.layer?.filter(
    (/** @type {any} */ { data }) =>
      data?.name === undefined || (datasets[data.name]?.length ?? 0) > 0,
  );
  if (copy.layer === undefined) delete copy.layer;
  return { spec: copy, omitted };
}

/**
 * @param {any} layer
 * @param {string[]} keys
 */
function withRows(layer, keys) {
  const { y } = layer.encoding;
  return {
    ...layer,
    encoding: { ...layer.encoding, y: { ...y, scale: { ...y.scale, domain: keys } } },
  };
}
