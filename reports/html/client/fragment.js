/** The state of the page in its address, behind the `#`: filters and the chosen trial. */

/**
 * Of each filtered dimension the values that are shown; one that is absent shows all.
 * In the address, none is a single empty one, which nothing is called.
 * @typedef {{ filters: Record<string, string[]>, trial?: string }} PageState
 */

/**
 * @param {string} fragment with or without the `#`
 * @returns {PageState}
 */
export function parseFragment(fragment) {
  /** @type {PageState} */
  const state = { filters: {} };
  const text = fragment.replace(/^#/, '');
  // A link to a heading of the page is no state.
  if (!text.includes('=')) return state;
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === 'trial') state.trial = value;
    else if (Object.hasOwn(state.filters, name)) state.filters[name]?.push(value);
    else state.filters[name] = [value];
  }
  return state;
}

/**
 * @param {PageState} state
 * @returns {string} without the `#`; empty for nothing filtered and nothing chosen
 */
export function writeFragment({ filters, trial }) {
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(filters)) {
    // Nothing is chosen: a dimension without a value in the address would be one that is not filtered.
    if (values.length === 0) parameters.append(name, '');
    for (const value of values) parameters.append(name, value);
  }
  if (trial !== undefined) parameters.append('trial', trial);
  return parameters.toString();
}

/**
 * Which cells and trials the filters leave. A cell is shown where its labels are among the chosen ones and one of its
 * trials has a chosen outcome.
 * @param {Record<string, string[]>} filters
 * @param {{ labels: Record<string, string> }[]} cells
 * @param {{ id: string, cell: number, outcome: string }[]} trials
 * @returns {{ cells: Set<number>, hiddenTrials: Set<string> }}
 */
export function selection(filters, cells, trials) {
  const { outcome, ...dimensions } = filters;
  const hiddenTrials = new Set(
    outcome === undefined
      ? []
      : trials.filter((trial) => !outcome.includes(trial.outcome)).map(({ id }) => id),
  );
  const withTrial = new Set(
    trials.filter(({ id }) => !hiddenTrials.has(id)).map(({ cell }) => cell),
  );
  const shown = cells.flatMap(({ labels }, index) =>
    Object.entries(dimensions).every(([name, values]) => values.includes(labels[name] ?? '')) &&
    withTrial.has(index)
      ? [index]
      : [],
  );
  return { cells: new Set(shown), hiddenTrials };
}
