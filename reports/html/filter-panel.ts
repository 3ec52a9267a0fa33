/** The filters of the page: a group of checkboxes per dimension in which cells or trials differ. */
import { escapeHtml } from '../escape.ts';
import type { ReportModel } from '../model.ts';
import { dimensionTitles } from '../results.ts';
import type { Html } from './elements.ts';

/** Empty where there is nothing to choose from. */
export function filterPanel(model: ReportModel): Html {
  const { cells, run } = model;
  const dimensions = ['workload', 'setting', 'link', 'guest', 'qemu'] as const;
  const groups = [
    ...dimensions.map(
      (dimension) =>
        [
          dimension,
          dimensionTitles[dimension],
          [...new Set(cells.map(({ labels }) => labels[dimension]))],
        ] as const,
    ),
    ['outcome', 'Outcome', [...new Set(run.records.map(({ outcome }) => outcome.kind))]] as const,
  ].filter(([, , values]) => values.length > 1);
  if (groups.length === 0) return '';
  const sets = groups.map(([name, title, values]) => {
    const boxes = values.map(
      (value) =>
        `<label><input type="checkbox" value="${escapeHtml(value)}" checked> ${escapeHtml(value)}</label>`,
    );
    return `<fieldset data-filter="${name}"><legend>${title}</legend>${boxes.join('')}</fieldset>`;
  });
  return `<details class="filters" id="filters"><summary>Filter: <span id="filter-count" role="status">All ${cells.length} cells</span></summary>
<div>${sets.join('\n')}<button type="button" id="filter-reset">Show everything</button></div></details>`;
}
