/** The chart programs that are put into the page, so that it needs no network. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inlineScript } from '../escape.ts';

/** In the order in which they need each other. */
const bundles = ['vega', 'vega-lite', 'vega-embed'] as const;

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
