/** Unpacking a timeline (reports/timeline/pack.ts) into the data sets of its chart. */

/**
 * @typedef {object} PackedTimeline
 * @property {number} fromMs
 * @property {number} stepMs
 * @property {number} steps
 * @property {[name: string, startMs: number, endMs: number][]} phases
 * @property {{ panel: string, name: string, quantum: number, deltas: (number | null)[] }[]} series
 * @property {{ panel: string, name: string, value: number }[]} rules
 */

/**
 * @param {PackedTimeline} packed
 * @returns {Record<string, Record<string, unknown>[]>} a data set per panel that has figures, `phases` and `rules`
 */
export function timelineDatasets(packed) {
  /** @type {Record<string, Record<string, unknown>[]>} */
  const datasets = { phases: packed.phases.map(phaseRow) };
  for (const { panel, name, quantum, deltas } of packed.series) {
    const rows = (datasets[panel] ??= []);
    let level = 0;
    for (const [step, delta] of deltas.entries()) {
      if (delta === null) continue;
      level += delta;
      rows.push({
        s: (packed.fromMs + step * packed.stepMs) / 1000,
        series: name,
        value: Number((level * quantum).toPrecision(6)),
      });
    }
  }
  datasets['rules'] = packed.rules.filter(({ panel }) => datasets[panel] !== undefined);
  return datasets;
}

/**
 * @param {[name: string, startMs: number, endMs: number]} phase
 * @returns {Record<string, unknown>}
 */
function phaseRow([name, startMs, endMs]) {
  const kind = name.startsWith('pass') ? 'pass' : name;
  const known = ['setup', 'pass', 'switchover', 'postcopy', 'aftermath'].includes(kind);
  // They overlap: lanes of their own.
  const lane = kind === 'postcopy' ? 1 : kind === 'switchover' ? 2 : 0;
  return {
    start: startMs / 1000,
    end: endMs / 1000,
    name,
    kind: known ? kind : 'other',
    lane,
  };
}
