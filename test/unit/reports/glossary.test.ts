/** Each figure's section in the documentation is there. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../harness/paths.ts';
import { terms } from '../../../reports/glossary.ts';

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replace(/[^\w\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test.each(terms)('$name: $see', async ({ see }) => {
  const [file = '', anchor = ''] = see.split('#');
  expect(anchorsOf(await readFile(join(packageRoot, file), 'utf8'))).toContain(anchor);
});
