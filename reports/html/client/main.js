/** The page's program: filters, charts as they come into sight, and the timeline of the trial that is chosen. */
import { copyText, tableText } from './copy.js';
import { carried, inflated } from './data.js';
import { draw, filteredSpec } from './draw.js';
import { hideElements, readFilters, showFilters } from './filters.js';
import { parseFragment, selection, writeFragment } from './fragment.js';
import { TrialTimeline } from './trial.js';

/** @param {string} id */
const byId = (id) => document.getElementById(id);
/** @param {string} id */
const listById = (id) => /** @type {HTMLSelectElement | null} */ (document.getElementById(id));

/** @returns {Promise<void>} */
async function main() {
  if (byId('report-data') === null) return;
  if (typeof DecompressionStream === 'undefined') {
    for (const element of document.querySelectorAll('.chart')) {
      element.textContent =
        'This browser is too old for the charts; the tables and charts/*.svg say the same.';
    }
    return;
  }
  /** @type {import('./data.js').ReportData} */
  const data = JSON.parse(await inflated(carried('report-data')));
  const charts = new Map(data.charts.map((chart) => [chart.name, chart]));
  const timeline = byId('timeline') === null ? undefined : new TrialTimeline(data);
  /** @type {Set<string>} */
  const inSight = new Set();
  /** @type {Map<string, { finalize(): void }>} */
  const drawn = new Map();
  let selected = selection({}, data.cells, data.trials);
  let queue = Promise.resolve();

  /** @param {string} name */
  const drawChart = async (name) => {
    const chart = charts.get(name);
    const element = byId(`chart-${name}`);
    if (chart === undefined || element === null) return;
    const filtered = filteredSpec(chart, selected);
    const note = byId(`note-${name}`);
    drawn.get(name)?.finalize();
    drawn.delete(name);
    if (note !== null) {
      note.textContent =
        filtered === undefined
          ? 'The filters leave nothing to draw.'
          : filtered.omitted > 0
            ? `${filtered.omitted} more: filter to see them.`
            : '';
    }
    if (filtered === undefined) {
      element.replaceChildren();
      return;
    }
    const result = await draw(element, filtered.spec, data.themes, chooseTrial);
    if (result !== undefined) drawn.set(name, result);
    element.dataset['drawn'] = 'true';
  };

  // One at a time, and the browser breathes between: the page stays usable while it draws.
  /** @param {string} name */
  const enqueue = (name) => {
    queue = queue
      .then(() => new Promise((resolve) => setTimeout(resolve)))
      .then(() => drawChart(name));
  };

  const redrawAll = () => {
    for (const name of inSight) enqueue(name);
    timeline?.redraw();
  };

  const writeState = () => {
    const trial = timeline?.trial;
    const text = writeFragment({
      filters: readFilters(),
      ...(trial === undefined || !trialChosen ? {} : { trial }),
    });
    history.replaceState(null, '', text === '' ? location.pathname + location.search : `#${text}`);
  };

  const applyFilters = () => {
    selected = selection(readFilters(), data.cells, data.trials);
    hideElements(selected);
    const count = byId('filter-count');
    if (count !== null) {
      count.textContent =
        selected.cells.size === data.cells.length && selected.hiddenTrials.size === 0
          ? `All ${data.cells.length} cells`
          : `${selected.cells.size} of ${data.cells.length} cells`;
    }
    fillLists();
    for (const name of inSight) enqueue(name);
  };

  let trialChosen = false;
  /** @param {string} id */
  const chooseTrial = (id) => {
    trialChosen = true;
    void showTrial(id);
    const section = byId('timeline-section');
    section?.scrollIntoView({ behavior: 'smooth', block: 'start' });
    section?.focus({ preventScroll: true });
  };

  /** @param {string} id */
  const showTrial = async (id) => {
    const trial = data.trials.find((candidate) => candidate.id === id);
    if (trial === undefined || timeline === undefined) return;
    fillLists(trial);
    const shown = timeline.show(id);
    writeState();
    await shown;
    timeline.element.setAttribute(
      'aria-label',
      `Timeline of trial ${id}, ${data.cells[trial.cell]?.label ?? ''}`,
    );
    timeline.element.dataset['trial'] = id;
  };

  /** The lists of cells and of the chosen cell's trials; with `trial`, that one is chosen.
   * @param {import('./data.js').Trial} [trial] */
  const fillLists = (trial) => {
    const cellList = listById('timeline-cell');
    const trialList = listById('timeline-trial');
    if (cellList === null || trialList === null) return;
    const withTimeline = data.trials.filter((candidate) => candidate.timeline !== undefined);
    const current = trial ?? data.trials.find(({ id }) => id === timeline?.trial);
    // In the order of the tables: trials ran in another.
    const cells = [...new Set(withTimeline.map(({ cell }) => cell))]
      .filter((cell) => selected.cells.has(cell) || cell === current?.cell)
      .sort((a, b) => a - b);
    cellList.replaceChildren(
      ...cells.map((cell) =>
        option(String(cell), data.cells[cell]?.label ?? '', cell === current?.cell),
      ),
    );
    const chosen = Number(cellList.value);
    trialList.replaceChildren(
      ...withTimeline
        .filter(({ cell }) => cell === chosen)
        .map(({ id, repetition, outcome }) =>
          option(id, `repetition ${repetition}: ${outcome}`, id === current?.id),
        ),
    );
  };

  byId('filters')?.addEventListener('change', () => {
    applyFilters();
    writeState();
  });
  byId('filter-reset')?.addEventListener('click', () => {
    showFilters({});
    applyFilters();
    writeState();
  });
  listById('timeline-cell')?.addEventListener('change', () => {
    const chosen = Number(listById('timeline-cell')?.value);
    const first = data.trials.find(
      (trial) => trial.cell === chosen && trial.timeline !== undefined,
    );
    trialChosen = true;
    if (first !== undefined) void showTrial(first.id);
  });
  listById('timeline-trial')?.addEventListener('change', () => {
    trialChosen = true;
    void showTrial(listById('timeline-trial')?.value ?? '');
  });
  document.addEventListener('click', (event) => {
    const button = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest('button')
    );
    if (button === null) return;
    const { copy, of, zoom, show } = button.dataset;
    if (zoom !== undefined) timeline?.zoom(zoom);
    if (show !== undefined) chooseTrial(show);
    if (copy === undefined || of === undefined) return;
    const table = charts.get(of)?.table ?? data.tables[of];
    const spec = charts.get(of);
    if (copy === 'vega-lite' && spec !== undefined) {
      void copyText(
        `${JSON.stringify({ ...filteredSpec(spec, selected)?.spec, config: data.themes.light }, null, 2)}\n`,
        button,
      );
    } else if (copy === 'text') {
      void copyText(byId(of)?.textContent ?? '', button);
    } else if (table !== undefined && (copy === 'markdown' || copy === 'csv')) {
      void copyText(tableText(table, copy, selected.cells), button);
    }
  });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll);
  window.addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details[data-print]'))
      details.setAttribute('open', '');
  });
  window.addEventListener('hashchange', () => {
    if (!location.hash.includes('=')) return;
    const state = parseFragment(location.hash);
    showFilters(state.filters);
    applyFilters();
    if (state.trial !== undefined && state.trial !== timeline?.trial) chooseTrial(state.trial);
  });
  let width = document.body.clientWidth;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  window.addEventListener('resize', () => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    clearTimeout(timer);
    timer = setTimeout(redrawAll, 200);
  });

  const state = parseFragment(location.hash);
  showFilters(state.filters);
  applyFilters();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const name = /** @type {HTMLElement} */ (target).dataset['chart'];
        if (!isIntersecting || name === undefined || inSight.has(name)) continue;
        observer.unobserve(target);
        inSight.add(name);
        enqueue(name);
      }
    },
    { rootMargin: '400px' },
  );
  for (const element of document.querySelectorAll('.chart[data-chart]')) observer.observe(element);
  const first = data.trials.find(
    ({ timeline: place, cell }) => place !== undefined && selected.cells.has(cell),
  );
  const showFirst = async () => {
    if (timeline !== undefined && timeline.trial === undefined && first !== undefined)
      await showTrial(first.id);
  };
  if (timeline !== undefined) {
    const sight = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        sight.disconnect();
        void showFirst();
      },
      { rootMargin: '400px' },
    );
    sight.observe(timeline.element);
  }
  if (state.trial !== undefined && data.trials.some(({ id }) => id === state.trial))
    chooseTrial(state.trial);
  performance.mark('migbench-usable');
  document.documentElement.dataset['ready'] = 'true';
  // What is out of sight is drawn when there is nothing else to do: printing wants all of it.
  for (const name of charts.keys()) {
    await queue;
    await idle();
    if (inSight.has(name)) continue;
    inSight.add(name);
    enqueue(name);
  }
  await queue;
  await showFirst();
  await queue;
  document.documentElement.dataset['complete'] = 'true';
}

/** When the reader does nothing, or after a while. */
function idle() {
  return new Promise((resolve) => {
    if ('requestIdleCallback' in window) requestIdleCallback(resolve, { timeout: 500 });
    else setTimeout(resolve, 50);
  });
}

/**
 * @param {string} value
 * @param {string} text
 * @param {boolean} chosen
 */
function option(value, text, chosen) {
  const element = new Option(text, value);
  element.selected = chosen;
  return element;
}

void main();
