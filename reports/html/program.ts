/** The programs that are put into the page, so that it needs no network. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inlineScript } from '../escape.ts';

/** In the order in which they need each other. */
const bundles = ['vega', 'vega-lite', 'vega-embed'] as const;

/** The page's own modules, each after those it imports: they become one script, in which all names are known. */
const modules = [
  'data',
  'fragment',
  'timeline-data',
  'pareto',
  'draw',
  'copy',
  'filters',
  'zoom',
  'trial',
  'main',
] as const;

/** Script elements with vega, vega-lite and vega-embed as installed. */
export async function chartScripts(): Promise<string> {
  const require = createRequire(import.meta.url);
  const scripts = await Promise.all(
    bundles.map(async (name) => {
      // Beside the module that the package exports is the bundle for browsers, which it does not.
      const path = join(dirname(require.resolve(name)), `${name}.min.js`);
      return `<script>${inlineScript(await readFile(path, 'utf8'))}</script>`;
    }),
  );
  return scripts.join('\n');
}

/** The script element with the page's own program (reports/html/client). */
export async function clientScript(): Promise<string> {
  const folder = join(dirname(fileURLToPath(import.meta.url)), 'client');
  const sources = await Promise.all(
    modules.map((name) => readFile(join(folder, `${name}.js`), 'utf8')),
  );
  const joined = sources
    .join('\n')
    .replace(/^import [^;]*;$/gm, '')
    .replace(/^export (?=async function|function|class|const)/gm, '');
  return `<script>\n'use strict';\n(() => {\n${inlineScript(joined)}\n})();\n</script>`;
}
