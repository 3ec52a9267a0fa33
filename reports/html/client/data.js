/** What the page carries: compressed JSON in script elements that are no scripts. */

/**
 * @typedef {{ key: string, cells: number[] }} LayoutRow
 * @typedef {{ head: string[], csvHead: string, rows: { cell: number, markdown: string, csv: string }[] }} CopyTable
 * @typedef {object} Chart
 * @property {string} name
 * @property {any} spec
 * @property {{ rows: LayoutRow[], rowHeight: number }} [layout]
 * @property {CopyTable} table
 * @typedef {object} Trial
 * @property {string} id
 * @property {number} cell
 * @property {number} repetition
 * @property {string} outcome
 * @property {number} [timeline] its place among the timelines; absent where it has none
 * @typedef {object} ReportData
 * @property {Chart[]} charts
 * @property {Record<string, CopyTable>} tables
 * @property {{ label: string, labels: Record<string, string> }[]} cells
 * @property {Trial[]} trials
 * @property {any} timelineSpec
 * @property {Record<'shared' | 'light' | 'dark', any>} themes
 */

/**
 * Deflated text in base64, as text again.
 * @param {string} packed
 * @returns {Promise<string>}
 */
export async function inflated(packed) {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return await new Response(stream).text();
}

/**
 * @param {string} id of a script element
 * @returns {string}
 */
export function carried(id) {
  return document.getElementById(id)?.textContent ?? '';
}
