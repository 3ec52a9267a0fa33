/** The filters: checkboxes by dimension, and the elements of the page that belong to a cell. */

/**
 * What the checkboxes say, as in the fragment: a dimension with all of its boxes checked is not filtered.
 * @returns {Record<string, string[]>}
 */
export function readFilters() {
  /** @type {Record<string, string[]>} */
  const filters = {};
  for (const group of filterGroups()) {
    const boxes = boxesOf(group);
    if (boxes.every((box) => box.checked)) continue;
    filters[group.dataset['filter'] ?? ''] = boxes
      .filter((box) => box.checked)
      .map((box) => box.value);
  }
  return filters;
}

/** @param {Record<string, string[]>} filters */
export function showFilters(filters) {
  for (const group of filterGroups()) {
    const chosen = filters[group.dataset['filter'] ?? ''];
    for (const box of boxesOf(group))
      box.checked = chosen === undefined || chosen.includes(box.value);
  }
}

/** @returns {HTMLFieldSetElement[]} */
function filterGroups() {
  return queryAll('fieldset[data-filter]', HTMLFieldSetElement);
}

/**
 * @param {HTMLElement} group
 * @returns {HTMLInputElement[]}
 */
function boxesOf(group) {
  return queryAll('input[type=checkbox]', HTMLInputElement, group);
}

/**
 * Hide what belongs to a cell or a trial that is filtered out.
 * @param {{ cells: Set<number>, hiddenTrials: Set<string> }} selected
 */
export function hideElements({ cells, hiddenTrials }) {
  for (const element of queryAll('[data-cell]', HTMLElement)) {
    const trial = element.dataset['trial'];
    element.hidden =
      !cells.has(Number(element.dataset['cell'])) ||
      (trial !== undefined && hiddenTrials.has(trial));
  }
}

/**
 * @template {HTMLElement} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} [within]
 * @returns {T[]}
 */
function queryAll(selector, kind, within = document) {
  return [...within.querySelectorAll(selector)].flatMap((element) =>
    element instanceof kind ? [element] : [],
  );
}
