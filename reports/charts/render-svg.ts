/** Charts as SVG without a browser: the same text for the same chart, every time. */
import type { TopLevelSpec } from 'vega-lite';
import { MigbenchError } from '../../harness/errors.ts';
import { chartConfig, type ThemeName } from './theme.ts';

/**
 * Draw a chart: on white in the light theme, else on what it is put on. Loads vega (0.3 s) when first called.
 *
 * @throws MigbenchError `internal` where Vega-Lite has a warning about the chart: a wrong encoding is a defect here.
 */
export async function renderSvg(spec: TopLevelSpec, theme: ThemeName = 'light'): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  // Kept and thrown in the end: some are said where nobody would catch an error.
  const complaints: string[] = [];
  const logger = vega.logger(vega.Warn, undefined, (_method, _level, words) => {
    complaints.push(words.map(String).join(' '));
  });
  const check = () => {
    if (complaints.length > 0) throw new MigbenchError('internal', `Vega-Lite: ${complaints[0]}`);
  };
  const { spec: compiled } = vegaLite.compile(spec, {
    config: {
      ...chartConfig(theme),
      ...(theme === 'light' ? { background: 'white' } : {}),
      font: 'sans-serif',
    },
    logger,
  });
  check();
  // Ids of gradients and clips count up over all charts of a process.
  vega.resetSVGDefIds();
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger });
  try {
    const svg = await view.toSVG();
    check();
    return `${svg}\n`;
  } finally {
    view.finalize();
  }
}
