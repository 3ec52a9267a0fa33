/** The pages that run nothing, in a real browser: comparisons, workload cards, the capacity guide. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRun } from '../../harness/record/reader.ts';
import { writeCardPages } from '../../reports/card/index.ts';
import { writeComparison } from '../../reports/compare/index.ts';
import { writeGuide } from '../../reports/guide/index.ts';
import { card } from '../unit/characterize/measurement.ts';
import { hostile, slower } from '../unit/reports/comparisons.ts';
import { everyOutcome } from '../unit/reports/fixture.ts';
import { hostileNames } from '../unit/reports/hostile-names.ts';
import { overflowOf, violationsOf } from './checks.ts';
import { chromiumPath, openReport, startBrowser } from './chromium.ts';

let browser: Browser;
let folder: string;
const file = (name: string) => join(folder, name);

const screens: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['desktop, light', {}],
  ['desktop, dark', { colorScheme: 'dark' }],
  ['phone, light', { viewport: { width: 360, height: 800 } }],
  ['phone, dark', { viewport: { width: 360, height: 800 }, colorScheme: 'dark' }],
];

const pages = [
  ['a comparison', 'slower/index.html'],
  ['a comparison with hostile names', 'hostile/index.html'],
  ['a workload card', 'card/card.html'],
  ['a workload card with a hostile name', 'hostile-card/card.html'],
  ['a capacity guide', 'guide/guide.html'],
] as const;

describe.skipIf(chromiumPath === undefined)('pages that run nothing', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migbench-pages-'));
    browser = await startBrowser();
    await writeComparison(slower(), file('slower'));
    await writeComparison(hostile(), file('hostile'));
    for (const name of ['card', 'hostile-card', 'guide']) await mkdir(file(name));
    await writeCardPages(file('card'), card());
    await writeCardPages(file('hostile-card'), {
      ...card(),
      title: hostileNames.join(' '),
      warnings: [...hostileNames],
      workloadParams: Object.fromEntries(hostileNames.map((name) => [name, name])),
    });
    await writeGuide(file('guide'), {
      runs: [await readRun(everyOutcome)],
      cards: [{ path: 'cards/one', card: card() }],
      windowMs: 3_600_000,
      downtimeLimitMs: 300,
    });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  describe.each(pages)('%s', (_name, path) => {
    test.each(screens)('%s: no violation, not wider than the screen', async (_screen, options) => {
      const { page, complaints } = await openReport(browser, file(path), {
        ...options,
        bypassCSP: true,
      });
      expect(await violationsOf(page)).toEqual([]);
      expect(await overflowOf(page)).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    });

    test('runs nothing, asks for nothing, and prints in light colours', async () => {
      const { page, complaints } = await openReport(browser, file(path), { colorScheme: 'dark' });
      expect(await page.locator('script, iframe, object, embed, form, link').count()).toBe(0);
      const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(await back()).toBe('rgb(21, 24, 28)');
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      expect(await back()).toBe('rgb(255, 255, 255)');
      expect((await page.pdf({ format: 'A4' })).byteLength).toBeGreaterThan(20_000);
      expect(complaints).toEqual([]);
    });
  });

  test('hostile names in a comparison are text', async () => {
    const { page } = await openReport(browser, file('hostile/index.html'));
    expect(await page.locator('main img, main b, main i, main a').count()).toBe(0);
    const headings = await page.locator('main h3, main summary').allTextContents();
    for (const name of ['<script>alert(1)</script>', '__proto__', '"><svg onload=alert(1)>']) {
      expect(headings.some((heading) => heading.includes(name))).toBe(true);
    }
    expect(await page.locator('.chart svg').count()).toBeGreaterThan(0);
    const picture = await page.locator('.chart svg').first().textContent();
    expect(picture).toContain('<script>alert(1)</script>');
  });

  test('a comparison says what changed, and draws each change in the colours of the page', async () => {
    const { page } = await openReport(browser, file('slower/index.html'), { colorScheme: 'dark' });
    expect(await page.locator('.verdict .count').textContent()).toContain(
      'Regressed: of 4 figures',
    );
    const fills = await page
      .locator('.chart svg .mark-symbol.role-mark path')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).fill));
    // Two cells: regressed in orange; inconclusive in violet. Both of the dark palette.
    expect(fills).toEqual(['rgb(240, 128, 60)', 'rgb(217, 140, 200)']);
  });
});
