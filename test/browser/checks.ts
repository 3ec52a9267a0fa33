/** What is looked at in every page: its charts, what axe says of it, whether it fits the screen. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { writeReport } from '../../reports/index.ts';

/** Write the page of a run directory; its path. */
export async function reportOf(directory: string): Promise<string> {
  await writeReport(directory, { formats: ['html'] });
  return join(directory, 'report', 'index.html');
}

/** How many charts the page has, and which of them are empty. */
export async function charts(
  page: Page,
): Promise<{ readonly count: number; readonly empty: string[] }> {
  return page.evaluate(() => {
    const all = [...document.querySelectorAll('.chart')];
    const drawn = (chart: Element) => chart.querySelectorAll('svg path, canvas').length > 0;
    return { count: all.length, empty: all.filter((chart) => !drawn(chart)).map(({ id }) => id) };
  });
}

/** What axe finds, with everything unfolded. The page must be opened with `bypassCSP`: its own policy forbids scripts. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.addScriptTag({ content: await readFile(axe, 'utf8') });
  return page.evaluate(async () => {
    const scope = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const result = await scope.axe.run();
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
  });
}

/** Words of legends that run out of their picture, which cuts them. */
export async function cutLegendsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.chart svg')].flatMap((picture) => {
      const { right, top } = picture.getBoundingClientRect();
      return [...picture.querySelectorAll('.role-legend-label text')]
        .filter((text) => {
          const box = text.getBoundingClientRect();
          return box.right > right + 1 || box.top < top - 1;
        })
        .map((text) => text.textContent ?? '');
    }),
  );
}

/** Pixels by which the page is wider than the screen. */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
}
