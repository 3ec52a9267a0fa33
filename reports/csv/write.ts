/** RFC 4180, and what a spreadsheet must not run. */
import { stringify } from 'csv-stringify/sync';

/** `undefined` = unknown or not applicable: an empty field. */
export type CsvValue = string | number | undefined;

/**
 * Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV Injection"). Numbers stay
 * as they are, negative ones too: they come as numbers, so they cannot be anything else.
 */
function neutralised(value: CsvValue): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  return /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
}

/** What needs no quotes: most fields are numbers, and timelines have millions of them. */
const PLAIN = /^[^",\r\n]*$/;

function line(row: readonly CsvValue[]): string {
  const fields = row.map(neutralised);
  if (fields.every((field) => PLAIN.test(field))) return `${fields.join(',')}\r\n`;
  // Of itself it quotes CRLF only; RFC 4180 wants a lone CR or LF quoted too.
  return stringify([fields], { record_delimiter: 'windows', quoted_match: /[\r\n]/ });
}

/** Rows as CSV text: CRLF, quotes where needed. */
export function csvRows(rows: readonly (readonly CsvValue[])[]): string {
  return rows.map(line).join('');
}

/** One row without its line end, as the page's copy buttons need it. */
export function csvRow(row: readonly CsvValue[]): string {
  return csvRows([row]).replace(/\r\n$/, '');
}
