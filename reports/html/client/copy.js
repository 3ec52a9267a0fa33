/** The buttons that copy a chart or a table: as Markdown, as CSV, or as Vega-Lite. */

/**
 * The rows of a table that the filters leave, as text.
 * @param {import('./data.js').CopyTable} table
 * @param {'markdown' | 'csv'} format
 * @param {Set<number>} cells
 * @returns {string}
 */
export function tableText(table, format, cells) {
  const rows = table.rows.filter(({ cell }) => cells.has(cell)).map((row) => row[format]);
  const head = format === 'markdown' ? table.head : [table.csvHead];
  return [...head, ...rows].map((line) => `${line}\n`).join('');
}

/**
 * Copy text; where the browser forbids it (a file may not use the clipboard everywhere), show it for copying.
 * @param {string} text
 * @param {HTMLElement} button
 * @returns {Promise<void>}
 */
export async function copyText(text, button) {
  const status = document.getElementById('copy-status');
  let copied = false;
  try {
    await navigator.clipboard.writeText(text);
    copied = true;
  } catch {
    copied = copyBySelection(text);
  }
  if (status !== null) {
    status.textContent = copied
      ? `${button.dataset['what'] ?? 'Text'} copied.`
      : 'The browser does not allow copying: use the files beside this page.';
  }
  const label = button.textContent;
  button.textContent = copied ? 'Copied' : 'Not allowed';
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

/**
 * @param {string} text
 * @returns {boolean}
 */
function copyBySelection(text) {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  document.body.append(area);
  area.select();
  try {
    // The only way in pages that are files, in browsers that keep the clipboard for secure contexts.
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
  }
}
