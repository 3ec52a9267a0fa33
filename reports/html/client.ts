/** The page's own program: draws the charts in the colours of the reader's system, and the timeline that is chosen. */
export const clientScript = `
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('report-data').textContent);
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const select = document.getElementById('timeline-trial');

  const draw = (element, spec) => vegaEmbed(element, spec, {
    mode: 'vega-lite',
    renderer: 'svg',
    // Interpreted expressions: the page's security policy forbids eval.
    ast: true,
    config: dark.matches ? data.themes.dark : data.themes.light,
    actions: { export: true, source: false, compiled: false, editor: false },
  }).catch((error) => {
    element.textContent = 'This chart could not be drawn: ' + error.message;
    console.error(error);
  });

  const drawTimeline = () => {
    const element = document.getElementById('timeline');
    if (!select || !element) return;
    const timeline = data.timelines[Number(select.value)];
    const spec = JSON.parse(JSON.stringify(data.timelineSpec));
    spec.datasets = timeline;
    const width = Math.max(260, element.clientWidth - 150);
    for (const panel of spec.vconcat) panel.width = width;
    draw(element, spec);
  };

  const drawAll = () => {
    for (const chart of data.charts) draw(document.getElementById('chart-' + chart.name), chart.spec);
    drawTimeline();
  };

  if (select) select.addEventListener('change', drawTimeline);
  dark.addEventListener('change', drawAll);
  let timer;
  window.addEventListener('resize', () => {
    clearTimeout(timer);
    timer = setTimeout(drawTimeline, 150);
  });
  drawAll();
})();
`;
