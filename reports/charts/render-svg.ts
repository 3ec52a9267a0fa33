/** Charts as SVG without a browser: the same text for the same chart, every time. */
import type { TopLevelSpec } from 'vega-lite';
import { MigbenchError } from '../../harness/errors.ts';
import { chartConfig } from './theme.ts';

/**
 * Draw a chart on white. Loads vega (0.3 s) when first called.
 *
 * @throws MigbenchError `internal` where Vega-Lite has a warning about the chart: a wrong encoding is a defect here.
 */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const logger = vega.logger(vega.Warn, undefined, (_method, _level, words) => {
    throw new MigbenchError('internal', `Vega-Lite: ${words.map(String).join(' ')}`);
  });
  const { spec: compiled } = vegaLite.compile(spec, {
    config: { ...chartConfig('light'), background: 'white', font: 'sans-serif' },
    logger,
  });
  // Ids of gradients and clips count up over all charts of a process.
  vega.resetSVGDefIds();
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
